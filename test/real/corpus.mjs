// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The corpus: every module of at least 1 KiB in the packages that package.json
 * pins, also those that JavaScript files carry as base64 or that are compressed.
 * Each is listed once, by its contents.
 *
 * The packages are in build/real/node_modules. The modules are copied to
 * build/real/modules/PACKAGE--FILE.wasm.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync
} from 'node:fs'
import { basename, join, relative } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'

const HERE = fileURLToPath(new URL('.', import.meta.url))
export const ROOT = join(
  process.env.WASMSIG_REAL ??
    fileURLToPath(new URL('../../build/real', import.meta.url)),
  '/'
)
const PACKAGES = join(ROOT, 'node_modules')
const MODULES = join(ROOT, 'modules')
const PINS = ['package.json', 'package-lock.json', '.npmrc']
const SMALLEST = 1024

export const sha256 = (bytes) =>
  createHash('sha256').update(bytes).digest('hex')

/**
 * Installs the pinned packages, unless these very ones are installed, or
 * WASMSIG_REAL names a folder that has them.
 */
export function fetchPackages() {
  if (process.env.WASMSIG_REAL !== undefined) return
  const wanted = sha256(PINS.map((name) => readFileSync(HERE + name)).join())
  const stamp = join(ROOT, 'installed')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return
  rmSync(stamp, { force: true })
  mkdirSync(ROOT, { recursive: true })
  for (const name of PINS) copyFileSync(HERE + name, ROOT + name)
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    stdio: ['ignore', 'ignore', 'inherit']
  })
  writeFileSync(stamp, wanted)
}

// ----------------------------------------------------------- modules in files

const isModule = (bytes) =>
  bytes.length >= SMALLEST &&
  bytes.readUInt32BE(0) === 0x0061736d &&
  bytes.readUInt32LE(4) === 1

/** The start of a module in base64: its magic number and the version's 1. */
const BASE64 = /AGFzbQEAAAA?[A-Za-z0-9+/]{1300,}={0,2}/g

const READERS = [
  [/\.wasm$/, (bytes) => [bytes]],
  [/\.wasm\.gz$/, (bytes) => [gunzipSync(bytes)]],
  [/\.wasm\.br$/, (bytes) => [brotliDecompressSync(bytes)]],
  [
    /\.([cm]?js|json)$/,
    (bytes) =>
      (bytes.toString('latin1').match(BASE64) ?? []).map((text) =>
        Buffer.from(text, 'base64')
      )
  ]
]

function* filesOf(folder) {
  const entries = readdirSync(folder, { withFileTypes: true })
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) {
      if (entry.name !== 'node_modules') yield* filesOf(path)
    } else if (entry.isFile()) {
      yield path
    }
  }
}

function* modulesOf(folder) {
  for (const path of filesOf(folder)) {
    const read = READERS.find(([pattern]) => pattern.test(path))?.[1]
    if (read === undefined) continue
    const found = read(readFileSync(path)).filter(isModule)
    for (const [i, bytes] of found.entries()) {
      const number = found.length > 1 ? `#${i + 1}` : ''
      yield { path: relative(folder, path) + number, bytes }
    }
  }
}

/** What packages that encode a module in a way of their own pass to an engine. */
const ENCODED = ['@hpcc-js/wasm-graphviz']

function encodedModulesOf(name) {
  const out = join(ROOT, 'encoded', name.replaceAll(/\W+/g, '-'))
  if (!existsSync(out)) {
    execFileSync(process.execPath, [join(HERE, 'record.mjs'), name, out], {
      stdio: ['ignore', 'ignore', 'inherit']
    })
  }
  return [{ path: 'inside its JavaScript', bytes: readFileSync(out) }]
}

// --------------------------------------------------------------- the packages

function* packages() {
  for (const entry of readdirSync(PACKAGES)) {
    if (entry.startsWith('.')) continue
    if (!entry.startsWith('@')) yield entry
    else
      for (const name of readdirSync(join(PACKAGES, entry)))
        yield `${entry}/${name}`
  }
}

const fileName = (name, path) =>
  `${name}--${path}`
    .replaceAll(/[^\w.#-]+/g, '-')
    .replace(/(\.wasm(\.(gz|br))?)?$/, '.wasm')

/**
 * @returns {{ package: string, version: string, path: string, hash: string,
 *   bytes: Buffer, file: string }[]} `file` holds the same bytes
 */
export function modules() {
  const list = []
  const seen = new Set()
  mkdirSync(MODULES, { recursive: true })
  for (const name of packages()) {
    const folder = join(PACKAGES, name)
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json')))
    const found = [...modulesOf(folder)]
    if (ENCODED.includes(name)) found.push(...encodedModulesOf(name))
    for (const { path, bytes } of found) {
      const hash = sha256(bytes)
      if (seen.has(hash)) continue
      seen.add(hash)
      const file = join(MODULES, fileName(name, path))
      if (!existsSync(file)) writeFileSync(file, bytes)
      list.push({ package: name, version, path, hash, bytes, file })
    }
  }
  return list
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  fetchPackages()
  for (const one of modules())
    console.log(
      [
        one.package,
        one.version,
        one.path,
        one.bytes.length,
        basename(one.file)
      ].join('\t')
    )
}
