// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Kills WASI programs that never poll, under node:wasi, and prints how each
 * call ended; afterwards a program runs to its end.
 */
import { WASI } from 'node:wasi'
import { CpuBudget, install, stats } from 'wasmsig'

install()

/** (memory 1) (func (loop (br 0))) or nothing, exported by `name`. */
function guest(name, isEndless) {
  const body = isEndless ? [0, 3, 0x40, 0x0c, 0, 0x0b, 0x0b] : [0, 0x0b]
  const section = (id, ...bytes) => [id, bytes.length, ...bytes]
  const text = (string) => [string.length, ...Buffer.from(string)]
  const bytes = [
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, 1, 0x60, 0, 0),
    ...section(3, 1, 0),
    ...section(5, 1, 0, 1),
    ...section(7, 2, ...text('memory'), 2, 0, ...text(name), 0, 0),
    ...section(10, 1, body.length, ...body)
  ]
  const module = new WebAssembly.Module(new Uint8Array(bytes))
  return new WebAssembly.Instance(module)
}

const METHODS = { start: '_start', initialize: '_initialize' }
const wasi = () => new WASI({ version: 'preview1', returnOnExit: true })

function outcome(action) {
  try {
    return `returned ${action()}`
  } catch (error) {
    return error.code
  }
}

for (const [method, name] of Object.entries(METHODS)) {
  const killed = wasi()
  const endless = guest(name, true)
  for (const call of [
    () => new CpuBudget({ hard: 30 }).run(() => killed[method](endless)),
    () => killed[method](endless),
    () => wasi()[method](guest(name, false))
  ]) {
    console.log(method, outcome(call))
  }
}
console.log('kills', stats().kills)
