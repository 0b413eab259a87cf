// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Zig and C: Markdown to HTML. */
import { load, read, text } from '../packages.mjs'

export async function start() {
  const { init, mdToHtml } = await load('md4w', 'js/index.js')
  await init(read('md4w', 'js/md4w-fast.wasm'))
  const input = Array.from(
    { length: 60 },
    (_, i) =>
      `# H${i}\n\n${text(40, i + 1)} **b** _i_ [l](u)\n\n- a\n  1. b\n\n| a | b |\n| - | - |\n| ${i} | c |\n\n\`\`\`js\nx\n\`\`\`\n`
  ).join('\n')
  return () => mdToHtml(input)
}
