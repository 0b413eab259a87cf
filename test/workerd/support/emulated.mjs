// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * 64-bit Arm, emulated by qemu: the library as the preset `arm64` builds it, in
 * the workerd that npm has for this processor.
 */
import { execFileSync } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const require = createRequire(import.meta.url)
const { parseCommandLine } = require(
  join(root, 'hosts/workerd/npm/lib/options.js')
)

const EMULATOR = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu']
export const BUILD = join(root, 'build/arm64')
export const LIBRARY = join(BUILD, 'libwasmsig-workerd.so')

/** Compiles the library and its programs; a warning is an error. */
export const build = () =>
  execFileSync(join(root, 'scripts/build'), ['arm64'], { stdio: 'inherit' })

/** The command line that runs a program with these variables of its own. */
export function emulated(program, args = [], variables = {}) {
  const set = Object.entries(variables)
    .filter(([, value]) => value !== undefined)
    .flatMap(([name, value]) => ['-E', `${name}=${value}`])
  return [...EMULATOR, ...set, program, ...args]
}

/** The variables by which the command gives the library these options. */
export function variables(options) {
  const { hardNs, softNs, startupNs, margin, ...parsed } = parseCommandLine([
    ...options,
    'command'
  ])
  const share = BigInt(100 - (margin ?? 10))
  return {
    LD_PRELOAD: LIBRARY,
    WASMSIG_WORKERD_HARD_NS: hardNs,
    WASMSIG_WORKERD_SOFT_NS: softNs ?? (hardNs && (hardNs * share) / 100n),
    WASMSIG_WORKERD_STARTUP_NS: startupNs,
    WASMSIG_WORKERD_LOG: parsed.log,
    WASMSIG_WORKERD_LOG_FORMAT: parsed.logFormat,
    WASMSIG_WORKERD_METRICS: parsed.metrics,
    WASMSIG_WORKERD_TERMINATED: parsed.marksTerminated ? 1 : undefined
  }
}
