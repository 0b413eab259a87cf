// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Finds the workerd that a command will start, without loading the command:
// command -> package -> its miniflare -> its workerd.

const { accessSync, constants, existsSync, readFileSync } = require('node:fs')
const { realpathSync, statSync } = require('node:fs')
const { createRequire } = require('node:module')
const path = require('node:path')

const { WorkerdError } = require('./errors.js')

/** Packages that start workerd, for the programs that load them as plug-ins. */
const PLUGINS = {
  vite: ['@cloudflare/vite-plugin'],
  vitest: ['@cloudflare/vitest-plugin', '@cloudflare/vitest-pool-workers']
}
const STARTERS = ['wrangler', ...PLUGINS.vite, ...PLUGINS.vitest, 'miniflare']

// ----------------------------------------------------------------- packages

/** Folders from `from` up to the root. */
function* upwards(from) {
  for (let at = from; ; at = path.dirname(at)) {
    yield at
    if (at === path.dirname(at)) return
  }
}

/** The real folder of a package as seen from `from`; undefined: none. */
function findPackage(name, from) {
  for (const folder of upwards(from)) {
    const found = path.join(folder, 'node_modules', name)
    if (existsSync(path.join(found, 'package.json'))) return realpathSync(found)
  }
  return undefined
}

function manifest(folder) {
  return JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'))
}

/** The package that a file belongs to. */
function packageAround(file) {
  for (const folder of upwards(path.dirname(file))) {
    if (!existsSync(path.join(folder, 'package.json'))) continue
    if (manifest(folder).name) return folder
  }
  return undefined
}

// ----------------------------------------------------------------- commands

/** PATH with the commands of the packages around `from`, as npm sets it. */
function pathWithModules(from, list = process.env.PATH ?? '') {
  const folders = [...upwards(from)]
    .map((folder) => path.join(folder, 'node_modules/.bin'))
    .filter(existsSync)
  return [...folders, list].join(path.delimiter)
}

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK)
    return statSync(file).isFile()
  } catch {
    return false
  }
}

/**
 * The file that a command's name is. If there is none that can be executed,
 * `isThere` says whether there is one that cannot.
 */
function findCommand(name, from, list) {
  const candidates = name.includes('/')
    ? [path.resolve(from, name)]
    : list.split(path.delimiter).map((folder) => path.join(folder, name))
  const found = candidates.find(isExecutable)
  if (found) return { file: realpathSync(found) }
  return { isThere: candidates.some(existsSync) }
}

/**
 * On Windows the names in node_modules/.bin are scripts of the shell's, which
 * Node does not start without one. The package's own file is started instead.
 * Any other name is a program's, such as node.
 */
function findWindowsProgram(name, from) {
  const folder = findPackage(name, from)
  if (!folder) return { start: [name] }
  const { bin } = manifest(folder)
  const file = typeof bin === 'object' ? bin[name] : bin
  if (file === undefined) return { start: [name] }
  return { start: [process.execPath, path.join(folder, file)] }
}

// ------------------------------------------------------------------ workerd

/** The workerd that a package starts; undefined: it starts none. */
function workerdPackageOf(folder) {
  const { name, dependencies = {} } = manifest(folder)
  if (name === 'workerd') return folder
  for (const next of ['miniflare', 'wrangler', 'workerd']) {
    const found = next in dependencies && findPackage(next, folder)
    if (found) return next === 'workerd' ? found : workerdPackageOf(found)
  }
  return undefined
}

/** The packages that may start workerd, the likeliest first. */
function* starters(command, from) {
  const own = command && packageAround(command)
  if (own) yield own
  const first = PLUGINS[own && manifest(own).name] ?? []
  for (const name of [...first, ...STARTERS, 'workerd']) {
    const found = findPackage(name, from)
    if (found) yield found
  }
}

/** Whether another program than the first starter may be started. */
const isCertain = (command, from, chosen) => {
  const own = command && packageAround(command)
  if (!own) return false
  return own === chosen || manifest(own).name in PLUGINS
}

/**
 * The package workerd that the command starts. `others`: further ones in the
 * project, if the command does not say which it starts.
 */
function findWorkerdPackage(command, from) {
  const found = new Map()
  let chosen
  for (const starter of starters(command, from)) {
    const workerd = workerdPackageOf(starter)
    if (!workerd) continue
    chosen ??= starter
    if (!found.has(workerd)) found.set(workerd, starter)
  }
  const [first, ...others] = found
  if (!first) {
    throw new WorkerdError(
      `there is no workerd: no package that starts it is in a node_modules ` +
        `from ${from} upwards; --workerd names an executable`
    )
  }
  const list = isCertain(command, from, chosen) ? [] : others
  return { folder: first[0], starter: first[1], others: list }
}

/** The executable of a package workerd, by the package's own code. */
function executableOf(folder) {
  const load = createRequire(path.join(folder, 'package.json'))
  try {
    return realpathSync(load(folder).default)
  } catch (error) {
    const reason = error.message.trim().split('\n')[0]
    throw new WorkerdError(`${folder} has no executable: ${reason}`)
  }
}

const nameOf = (folder) => {
  const { name, version } = manifest(folder)
  return `${name} ${version}`
}

module.exports = {
  executableOf,
  findCommand,
  findPackage,
  findWindowsProgram,
  findWorkerdPackage,
  nameOf,
  packageAround,
  pathWithModules
}
