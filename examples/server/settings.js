// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What the environment sets of server.js; `npm start` takes the defaults. */
import { availableParallelism } from 'node:os'

function setting(name, otherwise, isRight = (value) => value > 0) {
  const value = Number(process.env[name] ?? otherwise)
  if (isRight(value)) return value
  throw new RangeError(`${name} must be a number, not ${process.env[name]}`)
}

const orNothing = (value) => value >= 0

const CORES = availableParallelism()

/** ms of CPU time for each request. */
export const limits = {
  soft: setting('SOFT_MS', 50),
  hard: setting('HARD_MS', 100)
}

/** Of each tenant. */
export const tenant = {
  share: setting('SHARE_MS', 250), // ms of CPU time a second
  burst: setting('BURST_MS', 500), // ms of CPU time that it can save up
  concurrent: setting('CONCURRENT', 1), // requests that run at once
  queue: setting('QUEUE', 20), // requests that wait
  probation: setting('PROBATION_MS', 60_000) // ms at low priority
}

/** Of the whole server. */
export const server = {
  waiting: setting('WAITING', 500), // requests that wait, of all tenants
  threads: setting('THREADS', Math.max(2, CORES)),
  // ms from SIGTERM until no request is accepted: a load balancer needs them to
  // see that /ready has changed
  linger: setting('LINGER_MS', 0, orNothing),
  drain: setting('DRAIN_MS', 8000) // ms from then to the end, at most
}
