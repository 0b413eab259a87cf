// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Reads a file of callgrind: how many instructions each function of one object
 * has executed itself. Valgrind manual, "Callgrind Format Specification".
 *
 * A line that starts with a position is the cost of that place, unless the line
 * before it is `calls=`: then it is that of the call, which the callee has, too.
 * `fl=`, `fi=` and `fe=` say in which file the places are: code of a header that
 * was compiled into a function belongs to the function. Names stand behind
 * their number where it is first used.
 */

const NAMED = /^(c?ob|c?fn|c?fl|c?fi|fe)=(?:\((\d+)\)\s*)?(.*)$/
const KIND = {
  ob: 'object',
  fn: 'function',
  fl: 'file',
  fi: 'file',
  fe: 'file'
}

/** Names by number: of objects, of functions and of files. */
class Names {
  #byNumber = { object: new Map(), function: new Map(), file: new Map() }

  resolve(kind, number, name) {
    if (number === undefined) return name
    const known = this.#byNumber[kind]
    if (name) known.set(number, name)
    return known.get(number)
  }
}

/** Map(function, instructions), for places that `counts(object, file)`. */
export function instructionsOf(text, counts) {
  const names = new Names()
  const here = {}
  const instructions = new Map()
  let isCall = false
  for (const line of text.split('\n')) {
    const named = NAMED.exec(line)
    if (named) {
      const [, key, number, name] = named
      const isCallee = key.startsWith('c')
      const kind = KIND[isCallee ? key.slice(1) : key]
      const resolved = names.resolve(kind, number, name)
      if (!isCallee) here[kind] = resolved
    } else if (line.startsWith('calls=')) {
      isCall = true
    } else if (/^(\d|[+*-])/.test(line)) {
      const cost = Number(line.split(' ')[1] ?? 0)
      if (!isCall && cost > 0 && counts(here.object, here.file))
        instructions.set(
          here.function,
          (instructions.get(here.function) ?? 0) + cost
        )
      isCall = false
    }
  }
  return instructions
}
