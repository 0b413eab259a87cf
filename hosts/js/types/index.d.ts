// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * wasmsig: Unix signals and CPU limits for WebAssembly instances.
 *
 * All times are milliseconds of CPU time of the calling thread, and may be
 * fractional. Arguments that cannot be used throw a `TypeError` or
 * `RangeError` whose `code` is one of {@link ArgumentErrorCode}.
 */

/** Linux x86-64 names; their numbers are in {@link SIGNALS}. */
export type SignalName =
  | 'SIGHUP'
  | 'SIGINT'
  | 'SIGQUIT'
  | 'SIGILL'
  | 'SIGTRAP'
  | 'SIGABRT'
  | 'SIGBUS'
  | 'SIGFPE'
  | 'SIGKILL'
  | 'SIGUSR1'
  | 'SIGSEGV'
  | 'SIGUSR2'
  | 'SIGPIPE'
  | 'SIGALRM'
  | 'SIGTERM'
  | 'SIGSTKFLT'
  | 'SIGCHLD'
  | 'SIGCONT'
  | 'SIGSTOP'
  | 'SIGTSTP'
  | 'SIGTTIN'
  | 'SIGTTOU'
  | 'SIGURG'
  | 'SIGXCPU'
  | 'SIGXFSZ'
  | 'SIGVTALRM'
  | 'SIGPROF'
  | 'SIGWINCH'
  | 'SIGIO'
  | 'SIGPWR'
  | 'SIGSYS'

export type ArgumentErrorCode =
  | 'ERR_WASMSIG_INVALID_ARG_TYPE'
  | 'ERR_WASMSIG_OUT_OF_RANGE'
  | 'ERR_WASMSIG_UNKNOWN_SIGNAL'

/** Signal numbers of Linux x86-64, the same on every host. Frozen. */
export const SIGNALS: Readonly<Record<SignalName, number>>

/**
 * Wraps `WebAssembly.instantiate`, `WebAssembly.Instance` and what they need,
 * so that instances that export signal words are tracked.
 *
 * @returns whether this call installed it (false: it was installed already, or
 *   the realm's WebAssembly is frozen)
 */
export function install(options?: { realm?: typeof globalThis }): boolean

/**
 * Puts the engine's own functions back. Instances that are tracked stay so.
 *
 * @returns whether it was installed
 */
export function uninstall(options?: { realm?: typeof globalThis }): boolean

export interface Limits {
  /** CPU ms after which `signal` is raised; more than 0 */
  soft?: number
  /** CPU ms after which the call is killed; not below `soft` */
  hard?: number
  /** 'SIGXCPU' if left out */
  signal?: SignalName | number
  /** whom it concerns; every tracked instance of the realm if left out */
  instances?: Iterable<WebAssembly.Instance>
}

/** An amount of CPU time that is spent by running functions inside it. */
export class CpuBudget {
  constructor(limits: Limits)
  /**
   * Calls `fn(...args)` and charges its CPU time to this budget, and to the
   * budgets around it. What `fn` throws passes through.
   *
   * @throws CpuLimitError when the hard limit is used up, at the outermost
   *   `run` of this budget. User code cannot catch the kill further inside, and
   *   its `finally` blocks are not run. The instance that was running stopped
   *   in the middle of what it did: drop it, or make sure that it can go on.
   */
  run<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): R
  /**
   * A new request: nothing is used, and a signal of this budget that nobody
   * acknowledged is taken back, unless a budget around it has raised the same. New limits may be given; those left out stay,
   * and `instances` cannot be changed.
   *
   * @throws Error with code ERR_WASMSIG_BUSY while it is running
   */
  reset(limits?: Partial<Omit<Limits, 'instances'>>): this
  /** CPU ms spent in its sections, the running one included */
  readonly used: number
  readonly state: 'ready' | 'running' | 'signalled' | 'killed'
}

/**
 * A function that calls `fn` with the same `this` and arguments inside a fresh
 * budget each time. Its `name` and `length` are those of `fn`.
 */
export function limitCpu<F extends (...args: any[]) => any>(
  fn: F,
  limits: Limits
): F

/** Thrown by the call whose hard limit is used up. */
export class CpuLimitError extends Error {
  constructor(limit: number, used: number)
  readonly name: 'CpuLimitError'
  readonly code: 'ERR_WASMSIG_CPU_LIMIT'
  /** the hard limit, CPU ms */
  readonly limit: number
  /** CPU ms used when the section ended */
  readonly used: number
}

export type Target =
  WebAssembly.Instance | Iterable<WebAssembly.Instance> | 'realm' | 'process'

/**
 * Puts a signal into the signal word of the target's tracked instances.
 *
 * @param target every tracked instance of this thread ('realm') if left out;
 *   'process' means those of all threads
 * @returns how many instances got it; those that are not tracked, or say that
 *   they are terminated, get nothing
 */
export function raise(signal: SignalName | number, target?: Target): number

/**
 * Takes back whatever signals wait in the target's instances.
 *
 * @returns how many instances had one waiting
 */
export function clear(target?: Target): number

export interface Forwarding {
  /** Ends the forwarding; a second call does nothing. */
  stop(): void
  [Symbol.dispose](): void
}

/**
 * The process's own signals also go to every tracked instance of the process,
 * even while JavaScript is busy. Listeners set by `process.on` still run when
 * the event loop is free. A signal that would end the process does so only
 * when there was no tracked instance to ask and no listener. Forwarding ends as
 * well when somebody removes all listeners of the signal.
 *
 * @param options.insist after how many deliveries that no guest acknowledged
 *   the process dies of the signal all the same; never if left out
 * @throws Error with code ERR_WASMSIG_FORWARD for signals that cannot be
 *   handled, that are forwarded already, or in a worker thread
 */
export function forward(
  signals: Iterable<SignalName>,
  options?: { insist?: number }
): Forwarding

/** Why an instance that exports a word is not tracked. */
export type UntrackedReason =
  | 'no-memory'
  | 'several-memories'
  | 'not-an-address'
  | 'memory64'
  | 'out-of-range'
  | 'misaligned'
  | 'overlap'
  | 'movable-memory'
  | 'failed'

export interface Stats {
  /** tracked instances of this thread by the class of their memory */
  tracked: { FIXED: number; SHARED: number }
  /** instances of this thread that export a word and are not tracked, ever */
  untracked: Partial<Record<UntrackedReason, number>>
  /** instances dropped by sweeps of this thread because they were collected */
  collected: number
  /** sweeps of this thread */
  sweeps: number
  /** of the whole process: signals put into instances, by whomever */
  raises: number
  /** of the whole process: soft limits passed */
  softLimits: number
  /** of the whole process: calls killed, by the engine or by SIGKILL in the word */
  kills: number
  /**
   * who notices a limit in this thread: a timer whose signal goes to it, or the
   * watchdog thread. WASMSIG_FIRING=watchdog in the environment forbids timers.
   */
  firing: 'timer' | 'watchdog'
}
export function stats(): Stats

export const capabilities: Readonly<{
  /** who stops a guest past its hard limit: the engine, or SIGKILL in the word */
  hardKill: 'engine' | 'word'
  /** whether CPU time can be charged to asynchronous work: not yet */
  asyncContext: boolean
  /** classes of memory that are tracked here */
  memoryClasses: readonly string[]
}>
