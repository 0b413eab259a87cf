// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The symbols that objects define, and those that they use. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { isAbsolute, join, relative, resolve } from 'node:path'

/** The compilations of a build: [{file, object, target, folders}]. */
export function compilationsOf(root, build) {
  const path = join(build, 'compile_commands.json')
  return JSON.parse(readFileSync(path, 'utf8')).map((entry) => {
    const within = (name) => resolve(entry.directory, name)
    const object = / -o (\S+)/.exec(entry.command)[1]
    const folders = [...entry.command.matchAll(/ (?:-I|-isystem )(\S+)/g)]
    return {
      file: relative(root, within(entry.file)),
      object: within(object),
      target: /CMakeFiles\/([^/]+)\.dir\//.exec(object)?.[1],
      folders: folders
        .map(([, folder]) => relative(root, within(folder)))
        .filter((folder) => !folder.startsWith('..') && !isAbsolute(folder))
    }
  })
}

/** hosts/workerd/{exit,reexec}.c define them in front of the C library's. */
const OF_THE_C_LIBRARY = new Set(['_exit', 'execv', 'execve', 'execvp'])

function symbolsOf(objects) {
  const symbols = new Map(objects.map((object) => [object, []]))
  const nm = process.env.NM ?? 'nm'
  const options = { encoding: 'utf8', maxBuffer: 1 << 28 }
  const text = execFileSync(nm, ['-A', '-g', '-P', ...objects], options)
  for (const line of text.split('\n')) {
    const match = /^(.+): (\S+) (\S)/.exec(line)
    if (!match) continue
    const [, object, name, kind] = match
    if (OF_THE_C_LIBRARY.has(name)) continue
    symbols.get(object).push({ name, defined: !/[Uvw]/.test(kind) })
  }
  return symbols
}

/** The definitions of a symbol: those in the same target, if there are any. */
function definersFor(compilation, definers) {
  const own = definers.filter(({ target }) => target === compilation.target)
  return own.length > 0 ? own : definers
}

/** The symbols that the objects of `compilations` use: [{from, to, what}]. */
export function usesByObject(compilations) {
  const missing = compilations.filter(({ object }) => !existsSync(object))
  if (missing.length > 0)
    throw new Error(`not built: ${missing[0].object} (scripts/build release)`)

  const symbols = symbolsOf(compilations.map(({ object }) => object))
  const definers = new Map()
  for (const compilation of compilations)
    for (const { name, defined } of symbols.get(compilation.object))
      if (defined) {
        if (!definers.has(name)) definers.set(name, [])
        definers.get(name).push(compilation)
      }

  return compilations.flatMap((compilation) =>
    symbols
      .get(compilation.object)
      .filter(({ name, defined }) => !defined && definers.has(name))
      .flatMap(({ name }) =>
        definersFor(compilation, definers.get(name)).map(({ file }) => ({
          from: compilation.file,
          to: file,
          what: name
        }))
      )
  )
}
