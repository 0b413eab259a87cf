// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Which words are names of files of the repository. */
import { FILES, PATHS } from './pages.mjs'

const SOURCE = /\.(c|h|js|mjs|cjs|ts|mts|rs|pml|py|md|wat|in|cmake|sh|bash)$/

const TOP = new Set([...PATHS].map((path) => path.split('/')[0]))

/** Folders that are made, and folders on users' machines. */
const ELSEWHERE = /^(build|node_modules|prebuilds|target)\//

/** Endings of paths, from each file's name up to its whole path. */
const ENDINGS = new Set()
for (const path of PATHS) {
  const parts = path.split('/')
  for (let from = 0; from < parts.length; from++)
    ENDINGS.add(parts.slice(from).join('/'))
}

/** Whether a word claims to be a file or folder of the repository. */
export function looksLikeFile(word) {
  if (!/^[\w@][\w.@*-]*(\/[\w.@*-]+)*\/?$/.test(word)) return false
  if (ELSEWHERE.test(word)) return false
  if (SOURCE.test(word)) return true
  return word.includes('/') && TOP.has(word.split('/')[0])
}

const matcher = (word) =>
  new RegExp(`(^|/)${word.replace(/[.+]/g, '\\$&').replaceAll('*', '[^/]*')}$`)

/** Whether a path of the repository ends so. */
export function isFile(word) {
  const plain = word.replace(/\/$/, '')
  if (!plain.includes('*')) return ENDINGS.has(plain)
  const pattern = matcher(plain)
  return FILES.some((file) => pattern.test(file))
}
