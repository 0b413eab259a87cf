// SPDX-License-Identifier: Apache-2.0 OR MIT
/** AssemblyScript compiled, as its users compile it. */
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'

import { COMPILER, ROOT } from './packages.mjs'

export { ROOT }

const { main } = await import(pathToFileURL(join(COMPILER, 'dist/asc.js')))

/** As npm would have installed it. */
function packages() {
  const folder = mkdtempSync(join(tmpdir(), 'wasmsig-packages-'))
  symlinkSync(join(ROOT, 'guest/assemblyscript'), join(folder, 'wasmsig-guest'))
  return folder
}

/** Compiles a file of the repository: { error, stderr, bytes }. */
export async function tryCompile(source, ...options) {
  const folder = packages()
  try {
    const output = join(folder, 'guest.wasm')
    // asc takes paths from its base folder only.
    const here = (path) => relative(ROOT, path)
    const { error, stderr } = await main([
      ...[source, '--baseDir', ROOT, '--path', here(folder)],
      ...['-o', here(output), '--debug', ...options]
    ])
    const bytes = error ? null : readFileSync(output)
    return { error, stderr: stderr.toString(), bytes }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** The same for what is known to compile: the bytes of the module. */
export async function compile(source, ...options) {
  const all = ['--enable', 'threads', ...options]
  const { error, stderr, bytes } = await tryCompile(source, ...all)
  if (error) throw new Error(`${source} does not compile:\n${stderr}`)
  return bytes
}
