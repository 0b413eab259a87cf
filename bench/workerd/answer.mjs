// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The Worker that is measured: the path says what it does. */
import poll from './poll.wasm'

const guest = new WebAssembly.Instance(poll).exports

const work = {
  '/js': () => {
    for (;;);
  },
  '/wasm': () => guest.forever(),
  '/signal': () => guest.until_signal(),
  '/take': () => guest.take(),
  '/turns': async () => {
    for (let i = 0; i < 300; i++) await scheduler.wait(0)
  }
}

export default {
  fetch({ url }) {
    const path = url.slice(url.lastIndexOf('/'))
    if (path === '/') return new Response('ok')
    return answer(work[path])
  }
}

async function answer(act) {
  await act()
  return new Response('ok')
}
