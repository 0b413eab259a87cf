// SPDX-License-Identifier: Apache-2.0 OR MIT
// Whether a module's instructions are in a loop.
import initialise from 'wabt'

const wabt = await initialise()

const OPENS = /^(block|loop|if|try|try_table)\b/
const CLOSES = /^(end|delegate)\b/

/**
 * The instructions of each exported function, in order: a map from the
 * export's name to [{ text, loops }], where `loops` is how many it is in.
 */
export function instructionsOf(bytes) {
  const module = wabt.readWasm(new Uint8Array(bytes), {
    readDebugNames: false,
    threads: true
  })
  const text = module.toText({ foldExprs: false, inlineExport: false })
  module.destroy()
  const names = exportsOf(text)
  const functions = new Map()
  for (const { index, lines } of bodiesOf(text)) {
    for (const name of names.get(index) ?? []) functions.set(name, nest(lines))
  }
  return functions
}

function exportsOf(text) {
  const names = new Map()
  for (const [, name, index] of text.matchAll(
    /\(export "([^"]*)" \(func \$?(\w+)\)\)/g
  )) {
    names.set(index, [...(names.get(index) ?? []), name])
  }
  return names
}

/** Functions as the text has them: `  (func $f1 ...` up to the next item. */
function* bodiesOf(text) {
  for (const part of text.split(/^ {2}\(/m)) {
    const head = /^func (?:\$(\w+)|\(;(\d+);\))/.exec(part)
    if (!head) continue
    const lines = part.split('\n').slice(1)
    yield { index: head[1] ?? head[2], lines: lines.map((l) => l.trim()) }
  }
}

function nest(lines) {
  const open = []
  const found = []
  for (const line of lines) {
    if (CLOSES.test(line)) open.pop()
    const loops = open.filter((what) => what === 'loop').length
    found.push({ text: line, loops })
    if (OPENS.test(line)) open.push(/^\w+/.exec(line)[0])
  }
  return found
}

/** The atomic loads of 32 bits that are in a loop. */
export const pollsInLoops = (instructions) =>
  instructions.filter(
    ({ text, loops }) => loops > 0 && text.startsWith('i32.atomic.load')
  )
