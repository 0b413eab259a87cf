// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * wasmsig: Unix signals and CPU limits for WebAssembly instances.
 *
 * All times are milliseconds of CPU time of the calling thread, and may be
 * fractional. Arguments that cannot be used throw a `TypeError` or
 * `RangeError` whose `code` is one of {@link ArgumentErrorCode}.
 *
 * To load it throws an Error with code ERR_WASMSIG_NO_ADDON where its native
 * part is missing or forbidden, and with ERR_WASMSIG_COPIES where the process
 * has loaded another version of it.
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
  | 'ERR_WASMSIG_UNKNOWN_LIMIT'
  | 'ERR_WASMSIG_UNKNOWN_SIGNAL'
  | 'ERR_WASMSIG_DETACHABLE'

/** Signal numbers of Linux x86-64, the same on every host. Frozen. */
export const SIGNALS: Readonly<Record<SignalName, number>>

/**
 * Wraps `WebAssembly.instantiate`, `WebAssembly.Instance` and what they need,
 * so that instances that export signal words are tracked.
 *
 * @returns whether this call installed it (false: it was installed already,
 *   the realm's WebAssembly is frozen, or the host has none: `node --jitless`;
 *   the last is said once in a warning, by `wasmsig/register` both are)
 */
export function install(options?: { realm?: typeof globalThis }): boolean

/**
 * Puts the engine's own functions back. Instances that are tracked stay so.
 *
 * @returns whether it was installed
 */
export function uninstall(options?: { realm?: typeof globalThis }): boolean

/**
 * At least one of `soft` and `hard`; or `measure: true`, for a budget that only
 * measures. Other keys than these throw a TypeError with code
 * ERR_WASMSIG_UNKNOWN_LIMIT: a limit that is spelled wrong would be none.
 */
export type Limits = LimitOptions &
  ({ soft: number } | { hard: number } | { measure: true })

export interface LimitOptions {
  /**
   * CPU ms after which `signal` is raised; more than 0. Where no guest has taken
   * it by the end of the section, it is taken back, unless a section around it
   * has raised the same: no other budget inherits it. A later section of this
   * budget raises it again, until a reset.
   */
  soft?: number
  /** CPU ms after which the call is killed; not below `soft` */
  hard?: number
  /** 'SIGXCPU' if left out */
  signal?: SignalName | number
  /** whom it concerns; every tracked instance of the realm if left out */
  instances?: Iterable<WebAssembly.Instance>
  /**
   * What to do about a hard limit that passes while functions of the host
   * itself are on the stack above the section (`AsyncLocalStorage.run`,
   * `require`, a stream): to stop those in the middle could leave them half
   * done. The guest is asked to end by SIGKILL in its word, and the call is
   * killed as soon as none of them is there. When `grace` is over:
   *
   * - 'wait' (if left out): wait on, however long. A loop that stays inside one
   *   of its functions is not stopped, and its call throws CpuLimitError when it
   *   comes back. Two exceptions: V8 may have inlined a small function of the
   *   host into a user's loop, and the kill may then take effect inside it.
   *   Async scopes and AsyncLocalStorage are put right after that. And a function
   *   of buffer, child_process, crypto, fs, path, querystring, url, util, v8 or
   *   zlib that has just been called by a user's is stopped where it calls its
   *   first function in turn: they have done nothing by then that lasts.
   * - 'kill': kill all the same. Node's async scopes are ended then, and
   *   AsyncLocalStorage is as before; anything else is as the kill left it.
   * - 'exit': end the process at once, with exit status 152 (128 + SIGXCPU) and
   *   a line on standard error.
   *
   * V8 may also postpone a kill: until a long function of its own is over, for
   * thousands of turns of a loop that it interprets and that calls nothing but
   * those, and for as long as code runs that it has compiled without checks of
   * its stack (from V8 13 on, Node 24, loops of wasm's tail calls). When a quarter of
   * `grace`, 5 ms at least, has passed so, guests are asked to end by SIGKILL in
   * their word too: what polls ends, and JavaScript around it can see the trap.
   * 'exit' acts when all of `grace` has passed.
   *
   * Only hosts whose `capabilities.hardKill` is 'engine' need it.
   */
  onUnsafe?: 'wait' | 'kill' | 'exit'
  /** CPU ms past `hard` before `onUnsafe` acts; 100 if left out */
  grace?: number
  /**
   * true: a kill ends `instances`, which must be given, for good, as `terminate`
   * does. For guests that cannot go on after they have stopped in the middle.
   */
  terminate?: boolean
  /** no limit at all is meant; says nothing where there is one, and in a reset */
  measure?: boolean
}

/** The rest of what returns a promise would be without limits: use runAsync. */
type Sync<R> = [R] extends [never]
  ? unknown
  : R extends PromiseLike<unknown>
    ? 'for a function that returns a promise use runAsync'
    : unknown

/** An amount of CPU time that is spent by running functions inside it. */
export class CpuBudget {
  /**
   * @throws Error with code ERR_WASMSIG_NO_KILL if `hard` and `instances` are
   *   given, the host cannot end a call (`capabilities.hardKill` is 'word') and
   *   no instance among them has a tracked signal word: nobody could obey.
   *   A `node:vm` timeout or a worker that is terminated are the ways out.
   */
  constructor(limits: Limits)
  /**
   * Calls `fn(...args)` and charges its CPU time to this budget, and to the
   * budgets around it. What `fn` throws passes through.
   *
   * Where `fn` returns a promise, what goes on later is neither charged nor
   * limited, unless all of it is in a `runAsync` of this budget. The first time
   * the process warns of it (code WASMSIG_NOT_LIMITED). So for `bind` and
   * `limitCpu`.
   *
   * @throws CpuLimitError when the hard limit is used up, at the outermost
   *   `run` of this budget. User code cannot catch the kill further inside, and
   *   its `finally` blocks are not run. The instance that was running stopped
   *   in the middle of what it did: drop it, or make sure that it can go on.
   *   A time limit of `node:vm` inside `fn` is kept; one around this call is
   *   lost if it passes in the instant of the kill, as V8 has one request for
   *   both: put the vm inside the section.
   */
  run<A extends unknown[], R>(fn: ((...args: A) => R) & Sync<R>, ...args: A): R
  /**
   * Calls `fn()` and charges all that runs in its async context (what it
   * awaits, timers and promises that it starts) to this budget, and nothing
   * else. Many may be interleaved on one thread.
   *
   * What `fn` does before its first `await` is killed like a call by `run`. What
   * the event loop or a promise resumes later cannot be: a kill would take with
   * it what else waits there, of others too. There the guest is asked to end by
   * SIGKILL in its word, and `onUnsafe: 'exit'` acts. Call guests by `run` or
   * `bind` to have them killed there as well.
   *
   * Guests that wait for promises (JSPI: `WebAssembly.Suspending`) are charged
   * and told when they go on, if `install` was called before their imports were
   * wrapped, and unless Node runs with --no-async-context-frame. They must wait
   * for plain promises of the engine: after one of a derived class, of another
   * realm, or with a `constructor` of its own, they are not.
   *
   * Not charged is what no work resumes, but the host: listeners of
   * `unhandledRejection` and `rejectionHandled`, and what a FinalizationRegistry
   * calls.
   *
   * Time is charged until the promise is settled.
   *
   * @returns what the promise of `fn` gives; rejected with CpuLimitError as
   *   soon as what has passed the hard limit comes back
   * @throws Error with code ERR_WASMSIG_NO_ASYNC_CONTEXT where
   *   `capabilities.asyncContext` is false
   */
  runAsync<R>(fn: () => PromiseLike<R>): Promise<R>
  /** `fn` with its `this`, `name` and `length`, always run inside this budget. */
  bind<F extends (...args: any[]) => any>(fn: F & Sync<ReturnType<F>>): F
  /**
   * A new request: nothing is used. New limits may be given; those left out
   * stay, and `instances` and `terminate` cannot be changed.
   *
   * @throws Error with code ERR_WASMSIG_BUSY while it is running
   */
  reset(limits?: Omit<LimitOptions, 'instances' | 'terminate'>): this
  /** CPU ms spent in its sections, the running one included */
  readonly used: number
  readonly state: 'ready' | 'running' | 'signalled' | 'killed'
}

/**
 * A function that calls `fn` with the same `this` and arguments inside a fresh
 * budget each time. Its `name` and `length` are those of `fn`.
 */
export function limitCpu<F extends (...args: any[]) => any>(
  fn: F & Sync<ReturnType<F>>,
  limits: Limits
): F

/**
 * Thrown by the call whose hard limit is used up. A structured clone, such as
 * pools of workers pass on, is a plain Error in its place: its `message` ends
 * with the code, in parentheses.
 */
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
 * @returns how many instances got it; those that are not tracked get nothing,
 *   and those that say that they are terminated get nothing but SIGKILL
 */
export function raise(signal: SignalName | number, target?: Target): number

/**
 * Takes back whatever signals wait in the target's instances.
 *
 * @returns how many instances had one waiting
 */
export function clear(target?: Target): number

/**
 * Says of the target's tracked instances that they have ended for good: stores
 * 1 into their terminated word. They get no signal any more but SIGKILL. It does
 * not stop a call that runs. wasm-bindgen's glue reads the word, and refuses to
 * call such an instance again; workerd writes the same.
 *
 * @param target as for `raise`, but it must be given
 * @returns how many instances have such a word
 */
export function terminate(target: Target): number

export interface Forwarding {
  /** Ends the forwarding; a second call does nothing. */
  stop(): void
  [Symbol.dispose](): void
}

/**
 * The process's own signals also go to every tracked instance of the process,
 * even while JavaScript is busy. Listeners set by `process.on` still run when
 * the event loop is free. Where there is no listener, a signal that would end the
 * process does so if no guest handles it, though the event loop be busy: at once
 * if there is no tracked instance, or if all say that they do not handle it (C's
 * `wasmsig_want`, Rust's and AssemblyScript's `want`; SIGINT at the second time);
 * else when the same signal comes again, 200 ms later or more, and no guest has
 * acknowledged the first (docs/explanation/protocol.md, "Unhandled signals").
 * The first process of a container ends with status 128 and the signal's number.
 *
 * Who listens, and removes its listener to send the process the signal again,
 * ends it as ever (npm package signal-exit does so where nobody else listens):
 * the guests have been told. Forwarding goes on when somebody removes all
 * listeners. Bun does not tell of that: there the process dies of the signal no
 * more where it has no guest, and signal-exit, which counts our listener too,
 * leaves the signal to others. Nor does it tell of listeners, so a guest that keeps
 * the event loop busy ends there only by `insist`, if it has a signal word.
 *
 * @param options.insist after how many deliveries in a row that reached guests and
 *   that none acknowledged the process dies of the signal, listeners or not
 * @throws Error with code ERR_WASMSIG_FORWARD for signals that cannot be
 *   handled, that are forwarded already, or in a worker thread
 */
export function forward(
  signals: Iterable<SignalName>,
  options?: { insist?: number }
): Forwarding

/**
 * Tracks words that no module exports, such as Pyodide's interrupt buffer: they
 * count as an instance of this thread until `untrack` is called, or the thread
 * ends, and their memory is held as long.
 *
 *     const words = new Int32Array(new SharedArrayBuffer(4))
 *     const { interruptBuffer } = track({ signal: words })
 *     pyodide.setInterruptBuffer(interruptBuffer as Uint8Array)
 *
 * Each array is one of integers, has at least 4 bytes, begins at an address
 * that 4 divides, and lies on a SharedArrayBuffer. From V8 13 on (Node 24) it
 * may lie on an ArrayBuffer as well, unless that can be resized or is a
 * WebAssembly.Memory's; to transfer it throws a TypeError while it is tracked.
 * Both words lie on the same buffer. The word is the first 4 bytes,
 * little-endian. `signal` is set to 0.
 *
 * Pyodide runs the handlers of Python's `signal.signal`, and raises
 * KeyboardInterrupt for SIGINT. Let a soft limit's handler raise an exception:
 * a call that was killed leaves its Python frames behind, which count for the
 * recursion limit ever after, so load Pyodide anew when that has happened a few
 * times. Where `capabilities.hardKill` is 'word', Python passes by SIGKILL.
 *
 * @throws TypeError, RangeError; Error with code ERR_WASMSIG_OVERLAP if this
 *   thread tracks a word already, or both are the same; TypeError with code
 *   ERR_WASMSIG_DETACHABLE if the buffer could be taken away meanwhile
 */
export function track(words: {
  signal?: TypedArray
  terminated?: TypedArray
}): Tracking

export type TypedArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array

export interface Tracking {
  /** Ends it; a second call does nothing. */
  untrack(): void
  /**
   * The signal word as one element, for code of this thread that takes a signal
   * by reading it and then storing 0: Pyodide's setInterruptBuffer. That store
   * takes only what was read; a signal that came since stays. A typed array over
   * the word loses it (Pyodide lost some 20 to 45 of 1,000 that another thread
   * raised in a Python loop). Index 0 reads 1 to 64, or 0; to store a signal's
   * number or name raises it, to store anything else throws, and nothing is
   * taken. Absent where no signal word is tracked.
   */
  readonly interruptBuffer?: { [index: number]: number }
  [Symbol.dispose](): void
}

/**
 * Where the bytes of a module are known, all of it is told: they are given, or
 * the engine hands out those of a module (Node from 22 on). Of a module alone,
 * other hosts show `tracked`, `reason`, `words` and where `memory` is; so do
 * all if the module uses something newer than wasmsig, or with WASMSIG=off.
 */
export interface ModuleReport {
  /**
   * whether its instances will be tracked, as far as this tells. Not judged
   * are addresses that only its imports tell, and the size of an imported
   * memory, nor what its start function may add to its own.
   */
  tracked: boolean
  /**
   * why not, or one reason of several; 'no-words' is a module that takes no
   * part. Without its bytes 'out-of-range', 'misaligned', 'overlap' and a word
   * of the wrong type show when it is instantiated, in {@link stats}.
   */
  reason?: UntrackedReason | 'no-words'
  /** that in a sentence, for people; known from the bytes */
  text?: string
  /** the word that the reason is about, if it is about one; from the bytes */
  word?: WordName
  /** the exports that are words */
  words: WordName[]
  /**
   * where the words lie, bytes into memory 0, unless only imports or the engine
   * tell; a bigint above 2 ** 53; from the bytes
   */
  addresses?: { [word in WordName]?: number | bigint }
  /** memory 0, if it can be told which that is, and others can see it */
  memory?: MemoryReport
}

export type WordName =
  | '__instance_signal'
  | '__instance_terminated'
  | '__instance_signal_pending'
  | '__instance_signal_handled'

export interface MemoryReport {
  /** 'import' also if it is exported as well */
  from: 'import' | 'export'
  /** of an import */
  module?: string
  name: string
  /** this and the rest: from the bytes. Of an import it is what it asks for. */
  shared?: boolean
  addressType?: 'i32' | 'i64'
  /** pages of 64 KiB */
  minimum?: number
  /** pages of 64 KiB; none if left out */
  maximum?: number
}

/**
 * What can be told of a module before it is instantiated. Bytes are copied
 * first: others may write to them meanwhile.
 *
 * @throws WebAssembly.CompileError for bytes that the engine refuses; its message
 *   says what they are instead, if that can be told (text, a component, an archive)
 */
export function inspect(module: WebAssembly.Module | BufferSource): ModuleReport

/** Why an instance that exports a word is not tracked. */
export type UntrackedReason =
  | 'no-memory'
  | 'several-memories'
  | 'not-an-address'
  | 'out-of-range'
  | 'misaligned'
  | 'overlap'
  | 'failed'

export interface Stats {
  /** tracked instances of this thread by the class of their memory */
  tracked: { FIXED: number; SHARED: number; MOVABLE: number }
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
  /** kills of this thread that came while the host's own functions ran */
  unsafe: {
    /** that had to wait for a better moment */
    waited: number
    /** whose grace was over: waited on, killed or exited as `onUnsafe` says */
    overdue: number
  }
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
  /** whether CPU time can be charged to asynchronous work (`runAsync`) */
  asyncContext: boolean
  /** classes of memory that are tracked here */
  memoryClasses: readonly string[]
}>
