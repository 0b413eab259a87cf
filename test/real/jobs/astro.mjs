// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Go: compiles a component. */
import { load } from '../packages.mjs'

const COMPONENT = `---
const items = [1, 2, 3]
---
<style>p { color: red } .a > b { margin: 0 }</style>
<ul>{items.map((item) => <li class="a" data-n={item}><b>{item}</b></li>)}</ul>
<p>text</p>
`.repeat(1)

export async function start() {
  const { transform } = await load('@astrojs/compiler', 'dist/node/index.js')
  return async () => {
    const { code, css } = await transform(COMPONENT, { filename: '/a.astro' })
    return [code, css]
  }
}
