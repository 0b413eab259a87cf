// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * wasmsig: Unix signals and CPU limits for WebAssembly instances.
 *
 * All times are milliseconds of CPU time of the calling thread, unless something
 * else is said, and may be fractional. Arguments that cannot be used throw a `TypeError` or
 * `RangeError` whose `code` is one of {@link ArgumentErrorCode}.
 *
 * Loading the package throws an Error with code ERR_WASMSIG_NO_ADDON if its
 * native part is missing or forbidden on a system that has one
 * ({@link capabilities}), with ERR_WASMSIG_COPIES if the process
 * has loaded another version of it, and with ERR_WASMSIG_BUNDLED if a bundler
 * has changed it too much.
 *
 * @module wasmsig
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

/** The `code` of errors about arguments. */
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
 * Where the host has no WebAssembly (`node --jitless`), the first call prints a
 * warning. `node --import wasmsig/register` installs before any module runs,
 * and warns also where WebAssembly is frozen (`node --frozen-intrinsics`).
 *
 * @param options.realm the global object whose WebAssembly is wrapped, such as
 *   that of a `node:vm` context; this realm's if left out
 * @returns whether this call installed it. False: it was installed before, the
 *   realm's WebAssembly is frozen, the host has none, or the environment
 *   disables the package (WASMSIG, WASMSIG_ROLLOUT).
 */
export function install(options?: { realm?: typeof globalThis }): boolean

/**
 * Restores the engine's own functions. Tracked instances stay tracked.
 *
 * @param options.realm as for {@link install}
 * @returns whether it was installed
 */
export function uninstall(options?: { realm?: typeof globalThis }): boolean

/**
 * At least one of `soft`, `hard` and `wall`, or an AbortSignal; or `measure: true`, for a budget that only
 * measures. Any other key throws a TypeError with code
 * ERR_WASMSIG_UNKNOWN_LIMIT: a misspelled limit would not limit anything.
 */
export type Limits = LimitOptions &
  (
    | {
        /** A soft limit alone is enough. */
        soft: number
      }
    | {
        /** So is a hard limit alone. */
        hard: number
      }
    | {
        /** So is a wall limit alone. */
        wall: number
      }
    | {
        /** So is a signal that may abort. */
        signal: AbortSignal
      }
    | {
        /** Without limits, it must be requested. */
        measure: true
      }
  )

/** The keys of {@link Limits}. */
export interface LimitOptions {
  /**
   * CPU ms after which `signal` is raised; more than 0.
   *
   * If no guest has taken the signal by the end of the section, it is cleared,
   * unless a section around it has raised the same signal: so no other budget
   * inherits it. A later section of this budget raises it again, until a reset.
   */
  soft?: number
  /** CPU ms after which the call is killed; not below `soft`. */
  hard?: number
  /**
   * Milliseconds, as they pass on the clock, after which the call is killed;
   * more than 0. They are counted from the first call after the constructor or
   * a reset, also while the thread sleeps and between calls. A `limitCpu`
   * function counts each of its calls anew. The guest receives no signal.
   *
   * Where `capabilities.hardKill` is 'engine', this also ends `Atomics.wait` and
   * wasm's `memory.atomic.wait32`, and functions of JavaScript that wait by
   * them. No kill ends a system call: `spawnSync`, a read of a file without
   * data, WASI's `poll_oneoff` of node:wasi. The call throws when such a
   * function returns. Where `hardKill` is 'word', a guest ends when it polls,
   * and waits end by themselves. A pending `runAsync` is rejected.
   */
  wall?: number
  /**
   * The signal of `soft`; 'SIGXCPU' if left out. Or an AbortSignal, whose abort
   * kills what runs on the budget as {@link CpuBudget.kill} does, and each later
   * call. In a reset another AbortSignal replaces it; without one it stays.
   *
   * An AbortSignal belongs to its thread. So it aborts while that thread awaits
   * something (`runAsync`), or when the guest itself calls a function that
   * aborts. A timer or a message cannot abort a call of the same thread that
   * keeps it busy: use `wall`, or post {@link CpuBudget.id} to another thread.
   */
  signal?: SignalName | number | AbortSignal
  /**
   * The instances that are signalled and stopped; every tracked instance of the
   * realm if left out.
   */
  instances?: Iterable<WebAssembly.Instance>
  /**
   * What to do when the hard limit passes while functions of the host itself
   * are on the stack above the section (`AsyncLocalStorage.run`, `require`, a
   * stream). Stopped in the middle, they could leave their work unfinished. So
   * SIGKILL is put into the guest's signal word, and the call is killed as soon
   * as none of those functions is on the stack. When `grace` is over:
   *
   * - 'wait' (if left out): wait on, however long. A loop inside one of the
   *   host's functions is not stopped; its call throws CpuLimitError when it
   *   returns. Two exceptions. First, V8 may have inlined a small function of
   *   the host into a user's loop, and the kill may take effect inside it.
   *   Async scopes and AsyncLocalStorage are repaired after that. Second, a
   *   function of buffer, child_process, crypto, fs, path, querystring, url,
   *   util, v8 or zlib that a user's function has just called is stopped where
   *   it calls its own first function: until then it has done nothing that
   *   lasts.
   * - 'kill': kill all the same. Node's async scopes are ended then, and
   *   AsyncLocalStorage is as before; anything else is as the kill left it.
   * - 'exit': end the process at once, with exit status 152 (128 + SIGXCPU) and
   *   a line on standard error.
   *
   * V8 may also postpone a kill: until a long function of its own is over; for
   * thousands of turns of a loop that it interprets and that calls only such
   * functions; and as long as code runs that V8 has compiled without stack
   * checks (from V8 13 on, Node 24, loops of wasm's tail calls). When a quarter
   * of `grace` has passed so, at least 5 ms, SIGKILL is put into the guests'
   * signal words too: a guest that polls ends, and JavaScript around it can see
   * the trap. 'exit' acts when all of `grace` has passed.
   *
   * Only hosts whose `capabilities.hardKill` is 'engine' use it.
   */
  onUnsafe?: 'wait' | 'kill' | 'exit'
  /** CPU ms past `hard` before `onUnsafe` acts; 100 if left out. */
  grace?: number
  /**
   * true: a kill ends `instances` for good, as {@link terminate} does;
   * `instances` must be given. For guests that cannot continue after they were
   * stopped in the middle.
   */
  terminate?: boolean
  /**
   * true: a budget without limits, which only measures. Ignored where there is
   * a limit, and in a reset.
   */
  measure?: boolean
  /**
   * 1 to 100 characters, none of them a control character. What all budgets of
   * this name use, in all threads of the process, is added up in
   * {@link Stats.budgets}. In a reset another name may be given: what the budget
   * has used before stays with the old one.
   *
   * A name is kept until the process ends. So name tenants or plugins, not
   * requests. After 1,000 names of a process, all further ones count together,
   * as the name '(other)'.
   */
  name?: string
}

/** Refuses functions that return a promise: their later work has no limit. */
type Sync<R> = [R] extends [never]
  ? unknown
  : R extends PromiseLike<unknown>
    ? 'for a function that returns a promise use runAsync'
    : unknown

/** An amount of CPU time, which functions spend that run inside it. */
export class CpuBudget {
  /**
   * @param limits checked and copied here
   * @throws Error with code ERR_WASMSIG_NO_KILL if `hard` and `instances` are
   *   given, the host cannot end a call (`capabilities.hardKill` is 'word') and
   *   no instance among them has a tracked signal word: then the limit could
   *   stop none of them. A `node:vm` timeout or a terminated worker can.
   */
  constructor(limits: Limits)
  /**
   * Calls `fn(...args)` and charges its CPU time to this budget, and to the
   * budgets around it. An error that `fn` throws passes through.
   *
   * If `fn` returns a promise, its later work is neither charged nor limited,
   * unless all of it is in a `runAsync` of this budget. The first such promise
   * of the process prints a warning (code WASMSIG_NOT_LIMITED). The same holds
   * for `bind` and `limitCpu`.
   *
   * @param fn called without `this`
   * @param args its arguments
   * @returns what `fn` returns
   * @throws CpuLimitError when the hard limit is used up, at the outermost
   *   `run` of this budget. User code cannot catch the kill further inside, and
   *   its `finally` blocks do not run. The running instance stopped in the
   *   middle of its work: drop it, or make sure that it can continue. A time
   *   limit of `node:vm` inside `fn` is kept. One around this call is lost if
   *   it passes in the instant of the kill, as V8 has one request for both: put
   *   the vm inside the section.
   */
  run<A extends unknown[], R>(fn: ((...args: A) => R) & Sync<R>, ...args: A): R
  /**
   * Calls `fn()` and charges everything that runs in its async context (what it
   * awaits, timers and promises that it starts) to this budget, and nothing
   * else. Many such calls may be interleaved on one thread.
   *
   * What `fn` does before its first `await` is killed like a call by `run`.
   * What the event loop or a promise resumes later cannot be: a kill would also
   * unwind other work that waits there. Instead SIGKILL is put into the guest's
   * signal word, and `onUnsafe: 'exit'` acts. Call guests by `run` or `bind` to
   * have them killed there as well.
   *
   * Guests that wait for promises (JSPI: `WebAssembly.Suspending`) are charged
   * and signalled when they continue, if `install` was called before their
   * imports were wrapped, and unless Node runs with --no-async-context-frame.
   * They must wait for plain promises of the engine: after a promise of a
   * derived class, of another realm, or with a `constructor` of its own, they
   * are not.
   *
   * Not charged is what the host itself calls: listeners of
   * `unhandledRejection` and `rejectionHandled`, and callbacks of a
   * FinalizationRegistry.
   *
   * Time is charged until the promise is settled.
   *
   * @param fn called without `this` and arguments
   * @returns a promise like that of `fn`; rejected with CpuLimitError as soon
   *   as work that has passed the hard limit returns
   * @throws Error with code ERR_WASMSIG_NO_ASYNC_CONTEXT if
   *   `capabilities.asyncContext` is false
   */
  runAsync<R>(fn: () => PromiseLike<R>): Promise<R>
  /**
   * A function that always runs `fn` inside this budget.
   *
   * @typeParam F the type of `fn`, and of the result
   * @param fn receives the same `this` and arguments
   * @returns a function with the `name` and `length` of `fn`
   */
  bind<F extends (...args: any[]) => any>(fn: F & Sync<ReturnType<F>>): F
  /**
   * Starts anew: nothing of the budget is used.
   *
   * @param limits new limits; those left out stay. `instances` and `terminate`
   *   cannot be changed.
   * @returns this budget
   * @throws Error with code ERR_WASMSIG_BUSY while it is running
   */
  reset(limits?: Omit<LimitOptions, 'instances' | 'terminate'>): this
  /**
   * Kills the budget: its running calls, also those that wait, as by the hard
   * limit, but the guest receives no signal before. Each later call throws
   * CpuLimitError until a reset; a pending `runAsync` is rejected.
   */
  kill(): void
  /**
   * A number for {@link kill}, which other threads of the process may use, such
   * as workers that it was posted to. No other budget of the process ever has
   * the same.
   */
  readonly id: number
  /** CPU ms spent in its sections, including the running one. */
  readonly used: number
  /**
   * 'running': entered, and no limit has passed. 'signalled': the soft limit
   * has passed; 'killed': the hard or wall limit, or a kill; both last until a reset. 'ready':
   * otherwise.
   */
  readonly state: 'ready' | 'running' | 'signalled' | 'killed'
}

/**
 * A function that runs `fn` inside a fresh budget at each call.
 *
 * @typeParam F the type of `fn`, and of the result
 * @param fn receives the same `this` and arguments
 * @param limits those of each budget
 * @returns a function with the `name` and `length` of `fn`
 */
export function limitCpu<F extends (...args: any[]) => any>(
  fn: F & Sync<ReturnType<F>>,
  limits: Limits
): F

/**
 * Kills a budget of any thread of the process, as {@link CpuBudget.kill} does. A
 * pending `runAsync` of another thread is rejected when its work continues.
 *
 *     // The thread that computes       // Another thread, also the main one
 *     parentPort.postMessage(budget.id)  worker.on('message', (id) => kill(id))
 *     budget.run(compute)
 *
 * A thread that is busy receives no message: so its call is not ended by a
 * message to it, but by this function in a thread that is not busy. The process
 * must have loaded one copy of the package's native part.
 *
 * @param id {@link CpuBudget.id}
 * @returns whether there is such a budget; false: it was collected, or its
 *   thread has ended
 */
export function kill(id: number): boolean

/**
 * Thrown by the call whose hard or wall limit has passed, or whose budget was
 * killed. A structured clone of it,
 * such as pools of workers pass on, is a plain Error: its `message` ends with
 * the code, in parentheses.
 */
export class CpuLimitError extends Error {
  /**
   * @param limit the limit that `reason` names
   * @param used CPU ms used when the section ended
   * @param reason what has ended the call; 'hard' if left out
   */
  constructor(
    limit: number | undefined,
    used: number,
    reason?: 'hard' | 'wall' | 'kill'
  )
  /** Distinguishes it from other errors. */
  readonly name: 'CpuLimitError'
  /** The same in every copy of the package. */
  readonly code: 'ERR_WASMSIG_CPU_LIMIT'
  /**
   * The limit that has passed: CPU ms; for 'wall', ms on the clock; undefined
   * for 'kill'.
   */
  readonly limit: number | undefined
  /** What has ended the call: a limit; or 'kill', also for an AbortSignal. */
  readonly reason: 'hard' | 'wall' | 'kill'
  /** CPU ms used when the section ended. */
  readonly used: number
}

/** Which tracked instances a call is for. */
export type Target =
  WebAssembly.Instance | Iterable<WebAssembly.Instance> | 'realm' | 'process'

/**
 * Puts a signal into the signal word of the target's tracked instances.
 *
 * @param signal its name or number
 * @param target 'realm', if left out: every tracked instance of this thread.
 *   'process': those of all threads
 * @returns how many instances received it. Instances that are not tracked do
 *   not, and those whose terminated word is set receive SIGKILL only.
 */
export function raise(signal: SignalName | number, target?: Target): number

/**
 * Clears any signal that waits in the target's instances.
 *
 * @param target as for {@link raise}
 * @returns how many instances had a signal waiting
 */
export function clear(target?: Target): number

/**
 * Marks the target's tracked instances as ended for good: stores 1 into their
 * terminated word. They receive no signal any more but SIGKILL. A running call
 * is not stopped. wasm-bindgen's glue reads the word, and refuses to call such
 * an instance again; workerd writes the same value.
 *
 * @param target as for {@link raise}, but it must be given
 * @returns how many instances have such a word
 */
export function terminate(target: Target): number

/** Signals that {@link forward} forwards. */
export interface Forwarding {
  /** Ends the forwarding; a second call does nothing. */
  stop(): void
  /** `stop`, for a `using` declaration. */
  [Symbol.dispose](): void
}

/**
 * Forwards signals of the process to every tracked instance of the process too,
 * even while JavaScript is busy. Listeners set by `process.on` still run when
 * the event loop is free.
 *
 * Without a listener, a signal whose default action ends the process does so if
 * no guest handles it, also while the event loop is busy:
 *
 * - at once, if there is no tracked instance, or if all say that they do not
 *   handle it (C's `wasmsig_want`, Rust's and AssemblyScript's `want`); SIGINT
 *   then at the second time;
 * - else when the same signal arrives again, at least 200 ms later, and no
 *   guest has acknowledged the first (docs/explanation/protocol.md, "Unhandled
 *   signals").
 *
 * The first process of a container ends with status 128 and the signal's
 * number.
 *
 * A program that listens, and then removes its listener to send itself the
 * signal again, ends by it as without forwarding (npm package signal-exit does
 * so where it is the only listener); the guests have received the signal by
 * then. Forwarding continues when a program removes all listeners.
 *
 * Bun emits no events about listeners. There, a signal whose default action
 * ends the process does not end it if there is no guest; signal-exit, which
 * counts our listener too, leaves the signal to others; forwarding ends when
 * all listeners are removed; and a guest that keeps the event loop busy ends
 * only by `insist`, if it has a signal word.
 *
 * @param signals names of signals
 * @param options.insist after how many deliveries in a row that reached guests,
 *   none of which was acknowledged, the signal ends the process, with listeners
 *   or without
 * @returns what ends the forwarding
 * @throws Error with code ERR_WASMSIG_FORWARD for signals that no process can
 *   handle or that are forwarded already, and in a worker thread
 */
export function forward(
  signals: Iterable<SignalName>,
  options?: { insist?: number }
): Forwarding

/**
 * Tracks words that no module exports, such as Pyodide's interrupt buffer. They
 * count as one instance of this thread, and their memory is held, until
 * `untrack` is called or the thread ends.
 *
 *     const words = new Int32Array(new SharedArrayBuffer(4))
 *     const { interruptBuffer } = track({ signal: words })
 *     pyodide.setInterruptBuffer(interruptBuffer as Uint8Array)
 *
 * Each array is one of integers, has at least 4 bytes, begins at an address
 * that is a multiple of 4, and is on a SharedArrayBuffer. From V8 13 on (Node
 * 24) it may be on an ArrayBuffer as well, unless that is resizable or a
 * WebAssembly.Memory's; a transfer of the ArrayBuffer throws a TypeError while
 * it is tracked. Both words are on the same buffer. The word is the first 4
 * bytes, little-endian. `signal` is set to 0.
 *
 * Pyodide runs the handlers of Python's `signal.signal`, and raises
 * KeyboardInterrupt for SIGINT. The handler for a soft limit should raise an
 * exception: a killed call leaves its Python frames behind, which count for the
 * recursion limit from then on, so load Pyodide anew when that has happened a
 * few times. Where `capabilities.hardKill` is 'word', Python ignores SIGKILL.
 *
 * @param words.signal the signal word
 * @param words.terminated the terminated word
 * @returns what ends the tracking
 * @throws TypeError, RangeError; Error with code ERR_WASMSIG_OVERLAP if this
 *   thread tracks a word already, or if both are the same; TypeError with code
 *   ERR_WASMSIG_DETACHABLE if the buffer could be transferred meanwhile
 */
export function track(words: {
  signal?: TypedArray
  terminated?: TypedArray
}): Tracking

/** An array of integers. */
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

/** Words that {@link track} tracks. */
export interface Tracking {
  /** Ends the tracking; a second call does nothing. */
  untrack(): void
  /**
   * The signal word as one element, for code of this thread that takes a signal
   * by a read and then a store of 0, such as Pyodide's setInterruptBuffer. The
   * store takes only the signal that was read; a signal that has arrived since
   * stays. A typed array over the word would lose it (Pyodide lost some 20 to
   * 45 of 1,000 signals that another thread raised in a Python loop).
   *
   * Index 0 reads 1 to 64, or 0. To store a signal's number or name raises it;
   * to store any other value but 0 throws and takes nothing. Absent if no
   * signal word is tracked.
   */
  readonly interruptBuffer?: { [index: number]: number }
  /** `untrack`, for a `using` declaration. */
  [Symbol.dispose](): void
}

/**
 * What {@link inspect} reports.
 *
 * The report is complete if the bytes of the module are known: they are passed,
 * or the engine shows those of a module (Node from 22 on). For a module, other
 * hosts report `tracked`, `reason`, `words` and where `memory` is. All hosts
 * report no more than that if the module uses something newer than wasmsig, or
 * with WASMSIG=off.
 */
export interface ModuleReport {
  /**
   * Whether its instances will be tracked, as far as the report can say. It
   * does not judge addresses that depend on imports, the size of an imported
   * memory, or what the start function may add to the module's own memory.
   */
  tracked: boolean
  /**
   * The reason if not, or one of several. 'no-words': the module takes no part.
   * Without its bytes, 'out-of-range', 'misaligned', 'overlap' and a word of
   * the wrong type show only in {@link stats}, when the module is instantiated.
   */
  reason?: UntrackedReason | 'no-words'
  /** The reason as a sentence; needs the bytes. */
  text?: string
  /** The word that the reason is about, if there is one; needs the bytes. */
  word?: WordName
  /**
   * The words that the module has: the exports of these names, or all if they
   * have a memory of their own.
   */
  words: WordName[]
  /**
   * The addresses of the words, bytes into `memory`, unless they depend on
   * imports or on the engine; a bigint above 2 ** 53. Needs the bytes.
   */
  addresses?: { [word in WordName]?: number | bigint }
  /**
   * Memory 0, if it is known and other code can access it; or the memory of the
   * words' own, whose name is `__wasmsig_memory`.
   */
  memory?: MemoryReport
}

/** An export by which a module takes part; docs/explanation/protocol.md. */
export type WordName =
  | '__instance_signal'
  | '__instance_terminated'
  | '__instance_signal_pending'
  | '__instance_signal_handled'

/**
 * The memory of a {@link ModuleReport}. All but `from`, `module` and `name`
 * needs the bytes; of an import, it is what the module requires.
 */
export interface MemoryReport {
  /** 'import' also if it is exported as well. */
  from: 'import' | 'export'
  /** The module name of an import. */
  module?: string
  /** The name of the import or export. */
  name: string
  /** Whether it is a shared memory. */
  shared?: boolean
  /** 'i64' for a memory with 64-bit addresses. */
  addressType?: 'i32' | 'i64'
  /** Pages of 64 KiB. */
  minimum?: number
  /** Pages of 64 KiB; none if left out. */
  maximum?: number
}

/**
 * Reports what is known of a module before it is instantiated.
 *
 * @param module a module, or its bytes. Bytes are copied first, as other code
 *   may write to them meanwhile.
 * @returns the report
 * @throws WebAssembly.CompileError for bytes that the engine refuses; its
 *   message says what they are instead, if that is known (text, a component, an
 *   archive)
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

/**
 * What all budgets of one name have used, in all threads of the process. A
 * section counts when it has ended: the outermost call of a budget, or a part of
 * a `runAsync` that the event loop has resumed.
 */
export interface NamedUse {
  /** {@link LimitOptions.name}; '(other)' for all names after the first 1,000. */
  name: string
  /**
   * CPU ms. Time in nested sections of different names counts for each of these
   * names; in sections of the same name, once.
   */
  cpu: number
  /** Sections that have ended. */
  sections: number
  /**
   * Budgets that have used at least their soft limit. As for kills, a budget
   * counts once until its reset, and each call of a `limitCpu` function is a
   * budget.
   */
  softLimits: number
  /** Budgets that were killed, by what has ended them: {@link CpuLimitError.reason}. */
  kills: {
    /** By the hard limit. */
    hard: number
    /** By the wall limit. */
    wall: number
    /** By a call of `kill`, or an AbortSignal. */
    kill: number
  }
  /**
   * CPU ms that the budgets that were killed at their hard limit had used beyond
   * that limit, when their section ended: a histogram.
   */
  lateness: {
    /** The upper bounds of all counts but the last. */
    bounds: number[]
    /**
     * How many were at most as late as the bound of the same index, and later
     * than the one before; the last one is those above all bounds.
     */
    counts: number[]
    /** The sum of all latenesses. */
    sum: number
  }
}

/** What {@link stats} returns. */
export interface Stats {
  /** Tracked instances of this thread, by the class of their memory. */
  tracked: {
    /** The memory never moves. */
    FIXED: number
    /** The memory is shared, and never moves. */
    SHARED: number
    /**
     * The memory may move when it grows. Signals are delivered when a call into
     * the guest begins or returns.
     */
    MOVABLE: number
  }
  /**
   * How many instances of this thread export a word and are not tracked, by the
   * reason, since the package was loaded.
   */
  untracked: Partial<Record<UntrackedReason, number>>
  /** Instances of this thread that were collected, and dropped by sweeps. */
  collected: number
  /** Sweeps of this thread. */
  sweeps: number
  /** Of the whole process: signals put into instances, for any reason. */
  raises: number
  /** Of the whole process: soft limits that have passed. */
  softLimits: number
  /** Of the whole process: calls killed, by the engine or by SIGKILL. */
  kills: number
  /** Of the whole process, in the order of the names' first use. */
  budgets: NamedUse[]
  /** Kills of this thread that came while the host's own functions ran. */
  unsafe: {
    /** How many had to wait for a better moment. */
    waited: number
    /** For how many the grace period passed, and `onUnsafe` acted. */
    overdue: number
  }
  /**
   * What notices a limit in this thread: a timer whose signal goes to the
   * thread, or the watchdog thread. WASMSIG_FIRING=watchdog in the environment
   * forbids timers.
   */
  firing: 'timer' | 'watchdog'
}

/**
 * Counts of what the package has done.
 *
 * @returns a new object at each call
 */
export function stats(): Stats

/** What this host can do. Frozen. */
export const capabilities: Readonly<{
  /**
   * Whether the package has a native part for this system: Linux on x64 and
   * arm64. Where it is false (macOS, Windows, other processors), the package
   * loads, nothing is limited, signalled or tracked, each call is a plain call,
   * and a warning says so once (code WASMSIG_UNSUPPORTED). It does not depend on
   * WASMSIG and WASMSIG_ROLLOUT: with these it is true where limits are only
   * switched off.
   */
  supported: boolean
  /**
   * What stops a guest past its hard limit: 'engine' ends the call; 'word' puts
   * SIGKILL into the guest's signal word.
   */
  hardKill: 'engine' | 'word'
  /** Whether CPU time can be charged to asynchronous work (`runAsync`). */
  asyncContext: boolean
  /** The classes of memory that are tracked here: see {@link Stats.tracked}. */
  memoryClasses: readonly string[]
}>
