// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * crun with our handler. Debian's crun has one folder of handlers, which is
 * replaced in a mount namespace of its own. There the second hierarchy of control
 * groups, which crun 1.8 cannot have beside the first, is taken away too.
 */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { built } from '../../support/built.mjs'
import { ROOT, makeImage } from './images.mjs'

const HANDLER = join(ROOT, 'build/release/crun/crun/handlers/wasmsig.so')
const FOLDER = '/usr/lib/x86_64-linux-gnu/crun'
const BUILT = join(ROOT, 'build/containers')

const SCRIPT = `
umount /sys/fs/cgroup/unified 2>/dev/null
mkdir -p ${FOLDER} &&
mount -t tmpfs handlers ${FOLDER} &&
mkdir ${FOLDER}/handlers &&
ln -s '${HANDLER}' ${FOLDER}/handlers/ &&
exec "$0" "$@"`

/** Words that start a program which finds crun with the handler. */
export const withHandler = (program) => [
  ...['unshare', '--mount', 'sh', '-c', SCRIPT, program]
]

export const CRUN = withHandler('crun')

/** An archive with an image that holds a program and nothing else. */
export function wasmOnlyImage(program, name) {
  const archive = join(BUILT, `only-${name}.tar`)
  mkdirSync(BUILT, { recursive: true })
  built(archive, [program], (target) =>
    makeImage([
      ...['--wasm-only', program, '-o', target, '--arch', 'x64'],
      ...['--tag', `example.org/only-${name}:1`]
    ])
  )
  return { archive, name: `example.org/only-${name}:1` }
}

/** The annotations of a container: our handler, and options of it. */
export const annotationsOf = (options) => ({
  'run.oci.handler': 'wasmsig',
  ...Object.fromEntries(
    Object.entries(options).map(([name, value]) => [`wasmsig.${name}`, value])
  )
})

/** Changes a specification: our handler, and our annotations. */
export const annotated = (options) => (spec) => {
  spec.annotations = annotationsOf(options)
  // crun makes the places for mounts, which the image does not have.
  spec.root.readonly = false
}

/** A script by which Podman starts crun with the handler. */
export function runtimeFile(folder) {
  const file = join(folder, 'crun-with-handler')
  const words = CRUN.map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
  writeFileSync(file, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`)
  chmodSync(file, 0o755)
  return file
}
