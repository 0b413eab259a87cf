// SPDX-License-Identifier: Apache-2.0 OR MIT

/** What to limit. Times are milliseconds of CPU, and may have a fraction. */
export interface WorkerdLimits {
  /** CPU time of a request. When it is exceeded, the request is aborted. */
  cpuLimit?: number
  /** The share of `cpuLimit` that is left at the signal: 0 to below 1; 0.1. */
  cpuMargin?: number
  /** CPU time of a request at which its wasm instances receive SIGXCPU. */
  cpuSoft?: number
  /** CPU time of a Worker's start, and of an import; 1000 with `cpuLimit`. */
  startupLimit?: number
  /** A file for a line per request; `-` is workerd's standard error. */
  log?: string
  logFormat?: 'text' | 'json'
  /** A file for counters in Prometheus' text format. */
  metrics?: string
  /** A stopped request stores 1 in the terminated words of its isolate. */
  markTerminated?: boolean
  /** The executable. By default that of the project's miniflare. */
  workerd?: string
  /** Where the project is, and relative paths begin. The current folder. */
  from?: string
}

/** An error that the caller can correct. */
export class WorkerdError extends Error {
  readonly code: 'ERR_WASMSIG_WORKERD'
}

/**
 * The environment variables with which miniflare starts workerd with limits.
 * What is not limited is empty, so that nothing that was set before remains.
 * Set them before the first `new Miniflare()`:
 *
 * ```js
 * Object.assign(process.env, environment({ cpuLimit: 50 }))
 * ```
 *
 * Blocks while workerd is started once, to check its version.
 *
 * On macOS, Windows and other systems, where workerd cannot be limited, the
 * result has no variables, and the first call prints a warning (code
 * WASMSIG_UNSUPPORTED).
 *
 * @throws {@link WorkerdError} if there is no workerd, if its version cannot be
 * limited, if the system is Linux with another C library than glibc, or if the
 * limits contradict each other
 */
export function environment(limits: WorkerdLimits): Record<string, string>
