// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Includes and imports of sources. Paths are relative to the root. */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import typescript from 'typescript'

const INCLUDE = /^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]/gm

/** The repository's files, new ones too. */
export function filesIn(root) {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard']
  return execFileSync('git', list, { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((file) => file && existsSync(join(root, file)))
}

/** The folders that `#include` starts from: parents of `include/wasmsig`, and
 * those that the build names. The file's own folders come first. */
function foldersFor(file, folders) {
  const above = (folder) => folder !== '' && file.startsWith(`${folder}/`)
  const own = folders.filter(above).sort((a, b) => b.length - a.length)
  return [...own, ...folders.filter((folder) => !above(folder))]
}

function includesOf(root, file, folders, known) {
  const text = readFileSync(join(root, file), 'utf8')
  const found = []
  for (const [, quote, name] of text.matchAll(INCLUDE)) {
    const beside = normalize(join(dirname(file), name))
    const candidates = foldersFor(file, folders).map((f) =>
      normalize(join(f, name))
    )
    if (quote === '"') candidates.unshift(beside)
    const target = candidates.find((candidate) => known.has(candidate))
    if (target) found.push(target)
  }
  return found
}

function importsOf(root, file, known) {
  const text = readFileSync(join(root, file), 'utf8')
  const { importedFiles } = typescript.preProcessFile(text, true, true)
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => name.startsWith('.'))
    .map((name) => normalize(join(dirname(file), name)))
    .flatMap((name) => [name, `${name}.js`, `${name}/index.js`])
    .filter((name) => known.has(name))
}

const isC = (file) => /\.(c|h|S)$/.test(file)
const isJavaScript = (file) => /\.(c|m)?js$/.test(file)

/** The files that each of `files` names: [{from, to, what}]. */
export function usesBySource(root, files, folders, all) {
  const known = new Set(all)
  const uses = (from, targets, what) =>
    targets.map((to) => ({ from, to, what }))
  return files.flatMap((file) => {
    if (isC(file))
      return uses(file, includesOf(root, file, folders, known), 'includes')
    if (isJavaScript(file))
      return uses(file, importsOf(root, file, known), 'imports')
    return []
  })
}
