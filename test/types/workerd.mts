// SPDX-License-Identifier: Apache-2.0 OR MIT
// Compiled, never run: the types of the package for workerd.
import { environment, WorkerdError } from 'wasmsig-workerd'

const variables: Record<string, string> = environment({
  cpuLimit: 50,
  cpuMargin: 0.2,
  logFormat: 'json'
})
Object.assign(process.env, variables)

// @ts-expect-error a number of milliseconds
environment({ cpuLimit: '50ms' })
// @ts-expect-error no such limit
environment({ memory: 1 })
// @ts-expect-error text or json
environment({ cpuLimit: 1, logFormat: 'xml' })

export const isOurs = (error: unknown): boolean =>
  error instanceof WorkerdError && error.code === 'ERR_WASMSIG_WORKERD'
