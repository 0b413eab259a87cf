// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The version of all packages. The file VERSION has it, and CMake reads that
 * file. Others must have it as text: registries, compilers and readers look
 * there. This list is all of them.
 *
 * The interface wasmsig:signals (wit/) has a version of its own: components that
 * were built for it must keep working.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** CMake's projects, wheels and .deb files all accept this form, and no more. */
const FORM = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/

/** Each pattern has what is before the version, the version, what is after. */
const MANIFEST = /^( {2}"version": ")([^"]*)(")/m
const LOCKED = /(name = "wasmsig-guest"\nversion = ")([^"]*)(")/
const inLock = (folder, name) =>
  RegExp(
    `(\\n {4}"${folder}": \\{\\n {6}"name": "${name}",\\n {6}"version": ")([^"]*)(")`
  )
const NEWEST = /^(## \[)([^\]]*)(\])/m

const PLACES = [
  ['base/include/wasmsig/base.h', /^(#define WASMSIG_VERSION ")([^"]*)(")/m],
  ['hosts/js/lib/version.js', /^(module\.exports = ')([^']*)(')/m],
  ['hosts/js/package.json', MANIFEST],
  ['hosts/workerd/npm/package.json', MANIFEST],
  ['guest/assemblyscript/package.json', MANIFEST],
  ['package-lock.json', inLock('hosts/js', 'wasmsig')],
  ['package-lock.json', inLock('hosts/workerd/npm', 'wasmsig-workerd')],
  ['package-lock.json', inLock('guest/assemblyscript', 'wasmsig-guest')],
  ['guest/rust/Cargo.toml', /^(version = ")([^"]*)(")/m]
]

/** The lock files of the crates that use ours. */
function crateLocks(root) {
  const names = ['--cached', '--others', '--exclude-standard', '*Cargo.lock']
  return execFileSync('git', ['-C', root, 'ls-files', ...names], {
    encoding: 'utf8'
  })
    .split('\n')
    .filter(Boolean)
    .filter((file) => LOCKED.test(readFileSync(join(root, file), 'utf8')))
    .map((file) => [file, LOCKED])
}

const placesOf = (root) => [...PLACES, ...crateLocks(root)]

export const versionOf = (root) =>
  readFileSync(join(root, 'VERSION'), 'utf8').trim()

function checkForm(version) {
  if (FORM.test(version)) return
  throw new Error(`'${version}' is not a version such as 1.2.3`)
}

// ------------------------------------------------------------------- check

const lineOf = (text, index) => text.slice(0, index).split('\n').length

/** What is wrong with one place, or undefined. */
function wrongIn(root, file, pattern, version) {
  const text = readFileSync(join(root, file), 'utf8')
  const match = pattern.exec(text)
  if (!match) return `${file}: there is no version, expected ${version}`
  const [, before, found] = match
  if (found === version) return undefined
  const line = lineOf(text, match.index + before.length)
  return `${file}:${line}: the version is '${found}', in VERSION it is ${version}`
}

/** @returns {string[]} a line for each file that has another version */
export function checkVersions(root) {
  const version = versionOf(root)
  checkForm(version)
  return [...placesOf(root), ['CHANGELOG.md', NEWEST]]
    .map(([file, pattern]) => wrongIn(root, file, pattern, version))
    .filter(Boolean)
}

// --------------------------------------------------------------------- set

/** Above the newest section: what it contains, a person writes. */
function addSection(text, version) {
  if (text.includes(`## [${version}]`)) return text
  const at = NEWEST.exec(text)?.index ?? text.length
  const section = `## [${version}] – unreleased\n\n`
  return text.slice(0, at) + section + text.slice(at)
}

/**
 * Writes the version into all files.
 *
 * @returns {string[]} the files that were changed
 */
export function setVersion(root, version) {
  checkForm(version)
  const changed = new Set()
  const change = (file, edit) => {
    const before = readFileSync(join(root, file), 'utf8')
    const after = edit(before)
    if (after === before) return
    writeFileSync(join(root, file), after)
    changed.add(file)
  }
  change('VERSION', () => `${version}\n`)
  for (const [file, pattern] of placesOf(root)) {
    change(file, (text) => text.replace(pattern, `$1${version}$3`))
  }
  change('CHANGELOG.md', (text) => addSection(text, version))
  return [...changed]
}
