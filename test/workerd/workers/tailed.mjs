// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Its log line says what the subject's tail handler is to do. */
export default {
  fetch(request) {
    console.log(new URL(request.url).pathname.slice(1))
    return new Response('logged')
  }
}
