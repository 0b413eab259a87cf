// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The Worker of a project: it lives, it is signalled, or it is stopped. */
import poll from './poll.wasm'

const guest = new WebAssembly.Instance(poll).exports

const answers = {
  '/lives': () => 'alive',
  '/signalled': () => `signal ${guest.until_signal()}`,
  '/stopped/wasm': () => guest.forever(),
  '/stopped/js': () => {
    for (;;);
  }
}

export default {
  async fetch(request) {
    const { pathname } = new URL(request.url)
    return new Response(answers[pathname]())
  }
}
