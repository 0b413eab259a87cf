// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Haskell: Markdown to HTML. */
import { load, text } from '../packages.mjs'

export async function start() {
  const { convert } = await load('pandoc-wasm', 'src/index.node.js')
  const input = `# Title\n\n${text(60, 2)}\n\n1. a\n2. *b*\n\n$x^2$ [l](u)\n\n| a | b |\n|---|---|\n| c | d |\n`
  return async () =>
    (await convert({ from: 'markdown', to: 'html' }, input, {})).stdout
}
