// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Images for the tests, by scripts/image, and the files that are in them. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { built } from '../../support/built.mjs'

export const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

const BUILT = join(ROOT, 'build/containers')
const HEADERS = join(ROOT, 'guest/c/include')

/** Compiles test/containers/guests/NAME.c for WASI. */
export function guest(name) {
  const source = fileURLToPath(new URL(`../guests/${name}.c`, import.meta.url))
  const sources = [source, join(HEADERS, 'wasmsig/guest.h')]
  return built(join(BUILT, `${name}.wasm`), sources, (file) =>
    execFileSync('clang-19', [
      ...['--target=wasm32-wasi', '-O2', '-Wall', '-Wextra', '-Werror'],
      ...[`-I${HEADERS}`, '-o', file, source]
    ])
  )
}

/** Runs scripts/image: what it prints. */
export const makeImage = (args) =>
  execFileSync(join(ROOT, 'scripts/image'), args, { encoding: 'utf8' })

/**
 * An archive with an image of a program for this machine. `options` are those of
 * `wasmsig run`; each set of them has an archive of its own.
 */
export function imageOf(program, options = []) {
  const words = [basename(program, '.wasm'), ...options].join(' ')
  const file = words.replace(/[^\w]+/g, '-')
  const [, grace] = /--grace (\S+)/.exec(words) ?? [null, '10s']
  const others = words
    .replace(/--grace \S+/, '')
    .split(' ')
    .slice(1)
  const name = `example.org/${file.toLowerCase()}:1`
  const archive = built(join(BUILT, `${file}.tar`), [program], (target) => {
    mkdirSync(BUILT, { recursive: true })
    makeImage([
      ...[program, '-o', target, '--tag', name, '--arch', 'x64'],
      ...['--grace', grace, '--', ...others.filter(Boolean)]
    ])
  })
  return { archive, name }
}

/** A blob of an image layout that is unpacked in a folder, by its digest. */
const blob = (folder, { digest }) => join(folder, 'blobs', ...digest.split(':'))
const json = (file) => JSON.parse(readFileSync(file, 'utf8'))

/**
 * Unpacks the image of an archive: its files in `folder`/rootfs, and
 * { config, layers } of the image.
 */
export function unpack(archive, folder) {
  const layout = join(folder, 'layout')
  const rootfs = join(folder, 'rootfs')
  for (const path of [layout, rootfs]) mkdirSync(path, { recursive: true })
  execFileSync('tar', ['xf', archive, '-C', layout])
  const [top] = json(join(layout, 'index.json')).manifests
  let manifest = json(blob(layout, top))
  if (manifest.manifests) manifest = json(blob(layout, manifest.manifests[0]))
  for (const layer of manifest.layers)
    execFileSync('tar', ['xpf', blob(layout, layer), '-C', rootfs])
  return { ...json(blob(layout, manifest.config)), rootfs }
}
