// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Where a module polls: the instructions in its loops. */
import initialise from 'wabt'

const wabt = await initialise()

const FEATURES = {
  threads: true,
  bulk_memory: true,
  reference_types: true,
  sign_extension: true,
  mutable_globals: true,
  multi_value: true,
  sat_float_to_int: true,
  simd: true,
  exceptions: true,
  extended_const: true,
  readDebugNames: true
}

/**
 * The functions of a module by name: each a list of what matters in it, in
 * order, [{ load, call, loops }], where `loops` says how deep in loops it is.
 */
export function functionsOf(bytes) {
  const module = wabt.readWasm(new Uint8Array(bytes), FEATURES)
  try {
    module.applyNames()
    return parse(module.toText({ foldExprs: false, inlineExport: false }))
  } finally {
    module.destroy()
  }
}

/** wabt prints one instruction a line, and indents what a loop holds. */
function parse(text) {
  const functions = new Map()
  let items
  let loops = []
  for (const line of text.split('\n')) {
    const indent = line.search(/\S/)
    const name = /^ {2}\(func (\$\S+)/.exec(line)?.[1]
    if (name) {
      items = []
      loops = []
      functions.set(name, items)
    }
    while (loops.length > 0 && indent <= loops.at(-1)) loops.pop()
    if (/^\s*loop\b/.test(line)) loops.push(indent)
    const load = /i32\.atomic\.load/.test(line)
    const call = /^\s*(?:return_)?call (\$\S+?)\)*$/.exec(line)?.[1]
    if (load || call) items?.push({ load, call, loops: loops.length })
  }
  return functions
}

/**
 * Whether an atomic load is in a loop of the function `name`: itself, or a
 * call of a function that executes one. What polls do when a signal is there
 * does not count: it is not executed before.
 */
export function pollsInLoop(functions, name) {
  const items = functions.get(`$${name}`)
  if (!items) throw new Error(`no function ${name}`)
  return items.some((item) => item.loops > 0 && holds(functions, item))
}

/** The atomic load itself is there, not a call. */
export const loadsInLoop = (functions, name) =>
  functions.get(`$${name}`).some(({ load, loops }) => load && loops > 0)

function holds(functions, { load, call }, seen = new Set()) {
  if (load) return true
  if (!call || seen.has(call) || /deliver/.test(call)) return false
  seen.add(call)
  return (functions.get(call) ?? []).some((item) =>
    holds(functions, item, seen)
  )
}
