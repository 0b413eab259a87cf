// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Zig: a terminal receives text with colours and movements of the cursor. */
import { load, numbers, pathIn } from '../packages.mjs'

export async function start() {
  const { Ghostty } = await load('ghostty-web', 'dist/ghostty-web.js')
  const { instance } = await WebAssembly.instantiate(
    (await import('node:fs')).readFileSync(
      pathIn('ghostty-web', 'ghostty-vt.wasm')
    ),
    { env: { log() {} } }
  )
  const ghostty = new Ghostty(instance)
  return () => {
    const next = numbers(13)
    const terminal = ghostty.createTerminal(80, 24)
    for (let i = 0; i < 2000; i++) {
      const [row, column, colour] = [
        next() % 24,
        next() % 80,
        30 + (next() % 8)
      ]
      terminal.write(
        `\x1b[${row};${column}H\x1b[${colour}mw${next() % 1000}é\n`
      )
    }
    terminal.update()
    const cells = terminal.getViewport()
    const said = JSON.stringify(cells)
    terminal.free()
    return said
  }
}
