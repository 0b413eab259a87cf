// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Seccomp profiles, as the OCI runtime specification has them (Linux, Seccomp). */
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'

const AMD64 = 'SCMP_ARCH_X86_64'

/** A profile that refuses these system calls, and allows all others. */
export const refusing = (names, error) => ({
  defaultAction: 'SCMP_ACT_ALLOW',
  architectures: [AMD64],
  syscalls: [
    { names, action: 'SCMP_ACT_ERRNO', errnoRet: constants.errno[error] }
  ]
})

/**
 * A profile in the format of Docker and Podman, for a container without
 * capabilities on amd64: such profiles name rules for capabilities, for
 * processors and for versions of the kernel.
 */
export function fromEngine(file) {
  const profile = JSON.parse(readFileSync(file, 'utf8'))
  const applies = ({ includes = {}, excludes = {} }) =>
    !includes.caps?.length &&
    (!includes.arches?.length || includes.arches.includes('amd64')) &&
    !excludes.arches?.includes('amd64')
  const rule = ({ name, names = [name], action, args, errnoRet }) => ({
    ...{ names, action },
    ...(args?.length > 0 && { args }),
    ...(errnoRet !== undefined && { errnoRet })
  })
  return {
    defaultAction: profile.defaultAction,
    defaultErrnoRet: profile.defaultErrnoRet,
    architectures: [AMD64],
    syscalls: profile.syscalls.filter(applies).map(rule)
  }
}
