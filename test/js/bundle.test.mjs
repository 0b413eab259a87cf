// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The package in a bundle: one script with the program's own functions. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const PACKAGE = fileURLToPath(new URL('../../hosts/js/', import.meta.url))
const folder = mkdtempSync(path.join(tmpdir(), 'wasmsig-bundle-'))
after(() => rmSync(folder, { recursive: true }))

/** As bundlers write it: each module is a function, and require() finds it. */
function bundle(program, change = (text) => text) {
  const lib = path.join(PACKAGE, 'lib')
  const modules = readdirSync(lib)
    .filter((name) => name.endsWith('.js'))
    .map((name) => {
      const text = change(readFileSync(path.join(lib, name), 'utf8'), name)
      return `'./${name}': (module, exports, require) => {${text}\n}`
    })
  return `const modules = {${modules.join(',\n')}}
    const loaded = {}
    const load = (name) => {
      if (!modules[name]) return require(name)
      if (loaded[name]) return loaded[name].exports
      const module = (loaded[name] = { exports: {} })
      modules[name](module, module.exports, load)
      return module.exports
    }
    ${program}`
}

const PROGRAM = `
  const { CpuBudget, limitCpu } = load('./index.js')
  const burn = () => { for (let turns = 0; turns < 1e10; turns += 1); }
  const nameOf = (act) => { try { return act() } catch (e) { return e.name } }
  const hard = 5
  const self = new CpuBudget({ hard: 1e4 }).bind(function () { return typeof this })
  console.log(JSON.stringify([
    nameOf(() => new CpuBudget({ hard }).run(burn)),
    nameOf(new CpuBudget({ hard }).bind(burn)),
    nameOf(limitCpu(burn, { hard })),
    nameOf(() => new CpuBudget({ hard: 1e4 }).run(
      () => nameOf(() => new CpuBudget({ hard }).run(burn)))),
    self.call(5)
  ]))`
const KILLED = [...Array(4).fill('CpuLimitError'), 'number']

/** Runs a bundle in a folder of its own, inside a package or not. */
function runBundle(name, { text = bundle(PROGRAM), flags = [], ...rest }) {
  const place = path.join(folder, name, 'dist')
  const { installed, beside, env = {} } = rest
  mkdirSync(place, { recursive: true })
  const prebuilds = path.join(PACKAGE, 'prebuilds')
  const copyTo = (to) => cpSync(prebuilds, to, { recursive: true })
  if (installed) copyTo(path.join(place, '../node_modules/wasmsig/prebuilds'))
  if (beside) copyTo(path.join(place, 'prebuilds'))
  const file = path.join(place, 'bundle.cjs')
  writeFileSync(file, `'use strict'\n${text}`)
  return spawnSync(process.execPath, [...flags, file], {
    encoding: 'utf8',
    cwd: '/',
    env: { ...process.env, NODE_OPTIONS: '', WASMSIG_PREBUILD: '', ...env },
    timeout: 60_000
  })
}

const FOUND = {
  'in the node_modules around it': { installed: true },
  'beside it': { beside: true },
  'where WASMSIG_PREBUILD says': { env: { WASMSIG_PREBUILD: PACKAGE } }
}
for (const [where, options] of Object.entries(FOUND)) {
  test(`a bundle finds its native part ${where}, and can kill`, () => {
    const { stdout, stderr } = runBundle(where, options)
    assert.equal(stderr, '')
    assert.deepEqual(JSON.parse(stdout), KILLED)
  })
}

const onArm = `Object.defineProperty(process, 'arch', { value: 'arm64' })`
const counting = (text, name) =>
  name === 'section.js'
    ? text.replaceAll(/function (\w+Section)\((.*)\) \{/g, '$& counter++;')
    : text
const REFUSED = {
  'without its native part': [
    {},
    'NO_ADDON',
    /mark .* external, copy its folder prebuilds .* WASMSIG_PREBUILD/
  ],
  'where WASMSIG_PREBUILD names nothing': [
    { env: { WASMSIG_PREBUILD: '/nowhere' } },
    'NO_ADDON',
    /in \/nowhere, which WASMSIG_PREBUILD names/
  ],
  'on another system': [
    { installed: true, text: `${onArm}\n${bundle(PROGRAM)}` },
    'NO_ADDON',
    /has binaries for linux-x64 \(glibc\); yours is linux-arm64/
  ],
  'under --no-addons': [
    { installed: true, flags: ['--no-addons'] },
    'NO_ADDON',
    /may load no native code .*--no-addons.* WASMSIG=off/
  ],
  'by a tool that counts calls': [
    {
      installed: true,
      text: `let counter = 0\n${bundle(PROGRAM, counting)}`
    },
    'BUNDLED',
    /a tool that rewrites its functions .* external/
  ],
  'without a require()': [
    {
      installed: true,
      text: bundle(PROGRAM).replace(
        'return require(name)',
        "throw new Error('Dynamic require')"
      )
    },
    'BUNDLED',
    /an ES module that has no require\(\): mark it as external/
  ]
}
for (const [how, [options, code, names]] of Object.entries(REFUSED)) {
  test(`a bundle throws a clear error ${how}`, () => {
    const { stderr, status } = runBundle(how, options)
    assert.match(stderr, names)
    assert.match(stderr, new RegExp(`code: 'ERR_WASMSIG_${code}'`))
    assert.equal(status, 1)
  })
}
