// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * What the packages of npm and crates.io say about themselves. publint, which
 * `make check` runs too, checks that their exports and types exist.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const LICENCE = 'Apache-2.0 OR MIT'
const LICENCE_FILES = ['LICENSE-APACHE', 'LICENSE-MIT']
/** When the repository has an address, every package must have this one. */
const REPOSITORY = undefined

const NPM = {
  'hosts/js': { name: 'wasmsig', needsNode: true },
  'hosts/workerd/npm': { name: 'wasmsig-workerd', needsNode: true },
  'guest/assemblyscript': { name: 'wasmsig-guest', needsNode: false }
}
const CRATES = { 'guest/rust': 'wasmsig-guest' }

/** Made by `make dist` and by the build; not in the repository. */
const MADE = new Set(['prebuilds'])
/** Fields that lead to a place which does not exist. */
const ADDRESSES = ['homepage', 'bugs', 'funding']
/** What npm would run at a user's. */
const HOOKS = ['preinstall', 'install', 'postinstall', 'prepare']

// --------------------------------------------------------------- any package

const isText = (value) => typeof value === 'string' && value.trim() !== ''

/** One sentence without a full stop, as registries show it in a list. */
function* wrongDescription({ description }) {
  if (!isText(description)) yield 'there is no description'
  else if (description.endsWith('.')) yield 'the description ends with a dot'
  else if (description.length > 120) yield 'the description is too long'
}

function* wrongKeywords({ keywords }) {
  if (!Array.isArray(keywords) || keywords.length === 0) {
    return yield 'there are no keywords'
  }
  if (new Set(keywords).size < keywords.length) yield 'a keyword is there twice'
  for (const word of keywords) {
    if (!/^[a-z][a-z0-9-]{1,19}$/.test(word)) {
      yield `the keyword '${word}' is not a lower-case word of 2 to 20 characters`
    }
  }
}

function* wrongLicence({ license }, root, folder) {
  if (license !== LICENCE) {
    yield `the licence is '${license}', expected '${LICENCE}'`
  }
  for (const name of LICENCE_FILES) {
    const file = join(root, folder, name)
    const isSame =
      existsSync(file) &&
      readFileSync(file).equals(readFileSync(join(root, name)))
    if (!isSame) yield `${name} is not that of the repository`
  }
}

function* wrongReadme({ name }, root, folder) {
  const file = join(root, folder, 'README.md')
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  const title = /^# (.*)$/m.exec(text)?.[1]
  const isOf = title === name || title?.startsWith(`${name}, for `)
  if (!isOf) yield `README.md has the title '${title}', not '${name}'`
}

function* wrongName({ name }, expected) {
  if (name !== expected) yield `the name is '${name}', expected '${expected}'`
}

function* wrongAddresses({ repository, ...others }) {
  const place = repository?.url ?? repository ?? undefined
  if (place !== REPOSITORY) {
    yield `the repository is '${place}', expected ${REPOSITORY ?? 'none'}`
  }
  if (REPOSITORY !== undefined) return
  for (const field of ADDRESSES) {
    if (others[field]) yield `there is a field '${field}', and no such place`
  }
}

// ----------------------------------------------------------------------- npm

function* wrongFiles({ files = [], bin = {}, main }, root, folder) {
  for (const name of ['README.md', ...LICENCE_FILES]) {
    if (!files.includes(name)) yield `files has no ${name}`
  }
  for (const name of files) {
    if (!MADE.has(name) && !existsSync(join(root, folder, name))) {
      yield `files has ${name}, which does not exist`
    }
  }
  for (const file of [...Object.values(bin), main].filter(Boolean)) {
    const isPacked = files.some(
      (name) => join(file) === name || join(file).startsWith(`${name}/`)
    )
    if (!isPacked) yield `${file} is not among files`
  }
}

/** Nothing is fetched or compiled at an installation. */
function* wrongInstallation({ scripts = {}, dependencies = {}, ...others }) {
  for (const hook of HOOKS) {
    if (scripts[hook]) yield `the script '${hook}' would run at an installation`
  }
  for (const name of Object.keys(dependencies)) {
    yield `it depends on ${name}; no package of ours has dependencies`
  }
  if (others.private) yield 'private: npm refuses to publish it'
  for (const field of ['os', 'cpu', 'libc']) {
    if (others[field]) yield `'${field}': npm does not install it elsewhere`
  }
}

function* wrongEngines({ engines }, needsNode) {
  const isRange = /^>=\d+(\.\d+)*$/.test(engines?.node ?? '')
  if (needsNode && !isRange) yield 'engines.node is not a range such as >=18'
}

function* wrongNpm(root, folder, { name, needsNode }) {
  const text = readFileSync(join(root, folder, 'package.json'), 'utf8')
  const manifest = JSON.parse(text)
  yield* wrongName(manifest, name)
  yield* wrongDescription(manifest)
  yield* wrongKeywords(manifest)
  yield* wrongLicence(manifest, root, folder)
  yield* wrongReadme(manifest, root, folder)
  yield* wrongAddresses(manifest)
  yield* wrongFiles(manifest, root, folder)
  yield* wrongInstallation(manifest)
  yield* wrongEngines(manifest, needsNode)
}

// --------------------------------------------------------------------- crate

function cargo(root, folder, ...options) {
  const file = join(root, folder, 'Cargo.toml')
  const all = [...options, '--offline', '--manifest-path', file]
  return execFileSync('cargo', all, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, CARGO_TARGET_DIR: join(root, 'build/metadata') }
  })
}

/** As cargo reads Cargo.toml. */
const manifestOfCrate = (root, folder) =>
  JSON.parse(
    cargo(root, folder, 'metadata', '--no-deps', '--format-version', '1')
  ).packages[0]

/** The names of the files that cargo packs. */
const packedFiles = (root, folder) =>
  cargo(root, folder, 'package', '--list', '--allow-dirty').split('\n')

function* wrongCrate(root, folder, name) {
  const manifest = manifestOfCrate(root, folder)
  yield* wrongName(manifest, name)
  yield* wrongDescription(manifest)
  yield* wrongKeywords(manifest)
  yield* wrongLicence(manifest, root, folder)
  yield* wrongReadme(manifest, root, folder)
  yield* wrongAddresses(manifest)
  // crates.io's own limits.
  if (manifest.keywords.length > 5) yield 'crates.io accepts 5 keywords'
  if (manifest.categories.length === 0) yield 'there are no categories'
  if (manifest.categories.length > 5) yield 'crates.io accepts 5 categories'
  if (!manifest.rust_version) yield 'there is no rust-version'
  if (manifest.publish) yield `publish is ${JSON.stringify(manifest.publish)}`
  if (manifest.dependencies.length > 0) yield 'it has dependencies'
  const packed = packedFiles(root, folder)
  for (const file of ['README.md', ...LICENCE_FILES]) {
    if (!packed.includes(file)) yield `cargo does not pack ${file}`
  }
}

// ----------------------------------------------------------------------- all

const lines = (file, wrong) => [...wrong].map((text) => `${file}: ${text}`)

/** @returns {string[]} a line for each thing that is wrong */
export function checkPackages(root) {
  return [
    ...Object.entries(NPM).flatMap(([folder, expected]) =>
      lines(`${folder}/package.json`, wrongNpm(root, folder, expected))
    ),
    ...Object.entries(CRATES).flatMap(([folder, name]) =>
      lines(`${folder}/Cargo.toml`, wrongCrate(root, folder, name))
    )
  ]
}
