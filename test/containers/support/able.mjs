// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Whether containers can run here: as root, with namespaces and control groups.
 * Where not, tests are skipped, and say so. WASMSIG_CONTAINERS=required makes
 * that a failure.
 */
import { spawnSync } from 'node:child_process'

/** Why no container can run, or false. */
export function cannotRun(...programs) {
  const reason = reasonOf(programs)
  if (reason && process.env.WASMSIG_CONTAINERS === 'required')
    throw new Error(`containers must run, and cannot: ${reason}`)
  if (reason) console.error(`NOT RUN, no container can run here: ${reason}`)
  return reason
}

function reasonOf(programs) {
  if (process.getuid() !== 0) return 'only root may start them'
  const missing = programs.filter(
    (name) => spawnSync('which', [name]).status !== 0
  )
  if (missing.length > 0) return `${missing.join(', ')} is not installed`
  const made = ['--mount', '--pid', '--net', '--uts', '--ipc', '--fork', 'true']
  if (spawnSync('unshare', made).status !== 0) return 'there are no namespaces'
  return false
}
