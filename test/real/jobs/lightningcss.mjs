// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Minifies CSS. */
import { load, numbers } from '../packages.mjs'

export async function start() {
  const { default: init, transform } = await load(
    'lightningcss-wasm',
    'index.mjs'
  )
  await init()
  const next = numbers(17)
  const css = Array.from(
    { length: 300 },
    (
      _,
      i
    ) => `.a${i} > b:not(.c) { margin: ${next() % 9}px 0px; color: rgb(${next() % 256} 0 0 / 50%);
      & p { display: flex; inset: 0 } }`
  ).join('\n')
  const code = new TextEncoder().encode(css)
  const targets = { chrome: 80 << 16 }
  return () =>
    transform({
      filename: 'a.css',
      code,
      minify: true,
      targets
    }).code.toString()
}
