#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Writes build/dist/sbom.cdx.json: a bill of materials in CycloneDX 1.6 of every
 * file in build/dist, and of what is in them that is not ours.
 *
 *     scripts/dist/sbom.mjs
 *
 * Wasmtime's library is a binary of its Python package. Nobody says which crates
 * are in it: the list has those that its C API requires.
 */
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const DIST = join(ROOT, 'build/dist')
/** What sums over the other files: they cannot be in it. */
const OWN = ['sbom.cdx.json', 'SHA256SUMS']

const { ComponentType, HashAlgorithm } = Enums
const read = (...path) => readFileSync(join(ROOT, ...path), 'utf8')
const sha256 = (data) => createHash('sha256').update(data).digest('hex')

// --------------------------------------------------------------- components

function component(type, name, version, licence, options = {}) {
  const made = new Models.Component(type, name, {
    version,
    bomRef: `${name}@${version}`,
    ...options
  })
  if (licence) made.licenses.add(new Models.LicenseExpression(licence))
  return made
}

const library = (...args) => component(ComponentType.Library, ...args)

/** The value of a macro in a C header. */
const macro = (header, name) =>
  RegExp(`#define ${name}\\s+(\\d+)`).exec(header)[1]
const versionIn = (header, ...names) =>
  names.map((name) => macro(header, name)).join('.')

/** The version that a file of Python requirements pins. */
const pinned = (file, name) =>
  RegExp(`^${name}==(\\S+)`, 'm').exec(read(file))[1]

const EXCEPTION = 'Apache-2.0 WITH LLVM-exception'

/** The crates of third_party/Cargo.lock, except our own and the sources of WAMR. */
function crates() {
  const text = execFileSync(
    'cargo',
    [
      ...['metadata', '--locked', '--offline', '--format-version', '1'],
      ...['--manifest-path', join(ROOT, 'third_party/Cargo.toml')]
    ],
    { encoding: 'utf8', maxBuffer: 2 ** 28 }
  )
  return JSON.parse(text)
    .packages.filter(({ source, name }) => source && name !== 'wamrx-sys')
    .map(({ name, version, license }) =>
      // Old manifests have a slash for OR.
      library(name, version, license?.replaceAll('/', ' OR '), {
        purl: `pkg:cargo/${name}@${version}`
      })
    )
}

function wasmtime() {
  const version = pinned('third_party/requirements.txt', 'wasmtime')
  const made = library('wasmtime', version, EXCEPTION, {
    purl: `pkg:pypi/wasmtime@${version}`,
    description: 'Its C library, in the command and the images'
  })
  for (const crate of crates()) made.components.add(crate)
  return made
}

function wamr() {
  const header = read('build/engines/wamr/core/version.h')
  const names = ['MAJOR', 'MINOR', 'PATCH'].map((n) => `WAMR_VERSION_${n}`)
  return library('wamr', versionIn(header, ...names), EXCEPTION, {
    description: 'WebAssembly Micro Runtime, compiled into the command'
  })
}

function xxhash() {
  const header = readFileSync('/usr/include/xxhash.h', 'utf8')
  const names = ['MAJOR', 'MINOR', 'RELEASE'].map((n) => `XXH_VERSION_${n}`)
  return library('xxhash', versionIn(header, ...names), 'BSD-2-Clause', {
    description: 'Its header, compiled into the command'
  })
}

/** What zig adds to a program: start files, and functions of the compiler. */
function compiler() {
  const version = pinned('test/guests/requirements.txt', 'ziglang')
  const parts = [
    ['zig', 'MIT', 'Functions of the compiler, in all binaries'],
    ['libunwind', EXCEPTION, 'The unwinder of the command for musl'],
    ['musl', 'MIT', 'Start files of the command for musl'],
    [
      'glibc',
      'LGPL-2.1-or-later WITH GCC-exception-2.0',
      'Start files of the command for glibc'
    ]
  ]
  return parts.map(([name, licence, description]) =>
    library(name, `zig-${version}`, licence, {
      purl: name === 'zig' ? `pkg:pypi/ziglang@${version}` : undefined,
      description
    })
  )
}

const files = () =>
  readdirSync(DIST)
    .filter((name) => !OWN.includes(name))
    .sort()

/** A file that is published. */
function published(name, version) {
  const made = component(ComponentType.File, name, version, undefined, {
    bomRef: name
  })
  const sum = sha256(readFileSync(join(DIST, name)))
  made.hashes.set(HashAlgorithm['SHA-256'], sum)
  return made
}

// --------------------------------------------------------------------- bill

/** A UUID that the files decide: version 8 of RFC 9562 is free for that. */
function identifier(components) {
  const sums = components.flatMap(({ hashes }) => [...hashes.values()])
  const hex = sha256(sums.join()).slice(0, 32).split('')
  hex[12] = '8'
  hex[16] = '8'
  return `urn:uuid:${hex
    .join('')
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.*)$/, '$1-$2-$3-$4-$5')}`
}

function bill() {
  const version = read('VERSION').trim()
  const project = component(
    ComponentType.Application,
    'wasmsig',
    version,
    'Apache-2.0 OR MIT'
  )
  const parts = [wasmtime(), wamr(), xxhash(), ...compiler()]
  const artifacts = files().map((name) => published(name, version))
  for (const part of parts) project.dependencies.add(part.bomRef)
  const bom = new Models.Bom({
    version: 1,
    serialNumber: identifier(artifacts),
    metadata: new Models.Metadata({
      timestamp: new Date(Number(process.env.SOURCE_DATE_EPOCH ?? 0) * 1000),
      component: project
    })
  })
  for (const part of [...parts, ...artifacts]) bom.components.add(part)
  return bom
}

const factory = new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6)
const serializer = new Serialize.JsonSerializer(factory)
const text = serializer.serialize(bill(), { sortLists: true, space: 2 })
writeFileSync(join(DIST, 'sbom.cdx.json'), `${text}\n`)
