// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * What the limits in workerd promise, the line of hosts/workerd that ensures
 * it, and the test that fails without it.
 */

/**
 * Tests of test/workerd/FILE.test.mjs, by their names. `version`: of workerd, if
 * not that of the tests.
 */
const by = (program, version) => (test) => (source, claim, from, to) => ({
  file: `hosts/workerd/${source}`,
  program,
  version,
  test,
  claim,
  from,
  to
})
const signals = by('signals')
const handlers = by('handlers')
const servedByCpp = by('handlers', '1.20261001.1')
const startup = by('startup')
const command = by('command')

const byWatchdog = signals('a guest is signalled in its loop, by the watchdog')
const clean = signals('the next request begins with clean words')
const waits = signals('a signal waits for its request, not for others')
const silent = signals(
  'an instance that says it is terminated is not signalled'
)
const asked = signals('the terminated words stay 0, unless they are asked for')
const margin = signals('the margin is a share of the limit, 10 % by default')
const microtask = handlers('a request is stopped in a microtask')
const callbacks = handlers(
  'a callback that is stopped is the last one of its turn'
)
const sql = handlers(
  'a statement of SQL is stopped, and its rows are taken back'
)
const turns = handlers('a request is stopped over many short turns')
const queue = handlers('a queue that does not wait for waitUntil() says so too')
const tail = handlers('a tail event says exceededCpu')
const tailOfHttp = handlers(
  'the tail event of a request over HTTP says exceededCpu'
)
const CLIENT = 'an HTTP client receives 503 and the words of error 1102'
const OWN_ERROR = "a Worker's own error is not answered with error 1102"
const client = handlers(CLIENT)
const clientOfCpp = servedByCpp(CLIENT)
const ownError = handlers(OWN_ERROR)
const ownErrorOfCpp = servedByCpp(OWN_ERROR)
const firstTurn = handlers('a request is stopped in its first turn')
const actor = handlers('an actor has its time again with each event')
const log = handlers('the log has a line for each, with its CPU time')
const inMicrotask = startup(
  'a start that does not end in a microtask is stopped'
)
const atTop = startup('a start that does not end at the top level is stopped')
const within = startup('a start within its limit is measured')
const imported = startup(
  'an import that does not end is rejected, the request lives'
)
const KEPT = 'limits stay when a Worker changes under --watch'
const watched = by('watch')(KEPT)
const watchedByOldest = by('watch', '1.20260310.1')(KEPT)
const missing = command(
  'each function and each method that is missing is named'
)
const counted = by('reports')(
  'the reports are complete after SIGTERM: 1.20260310.1'
)
const ownFiles = by('reports')(
  'each process has its own metrics, if the file names it'
)
const ownTemporary = by('reports')(
  'two processes do not write the same temporary file'
)
const unwritable = by('reports')(
  'metrics that cannot be written are refused before the start'
)
const answersWithPipe = by('reports')(
  'a log that is a full pipe stops no request'
)
const endsWithPipe = by('reports')(
  'a full pipe does not stop the end of the process'
)
const children = command('what workerd starts is not affected')

export const MUTATIONS = [
  // ------------------------------------------------------------- the words
  clean(
    'requests.c',
    'the words are cleared when another request of the isolate begins',
    'uint64_t cleared = wkd_list_clear(isolate->list, WASMSIG_SIGXCPU);',
    'uint64_t cleared = 0;'
  ),
  clean(
    'requests.c',
    'a request that has ended leaves its signal to the next one to clear',
    'isolate->is_stale = true;',
    ''
  ),
  waits(
    'requests.c',
    'a request finds its signal again in its next turn',
    'if (request->is_to_signal_again) wkd_signals_raise(request);',
    ''
  ),
  byWatchdog(
    'signals.c',
    'a signal of the watchdog is raised in the thread of the isolate',
    'if (request) wkd_signals_raise(request);',
    '(void)request;'
  ),
  byWatchdog(
    'signals.c',
    'where the watchdog calls, V8 is asked to interrupt the isolate',
    `wkd_runtime.isolate_interrupt(request->isolate->isolate, interrupted,
                                request->isolate);`,
    '(void)interrupted;'
  ),
  silent(
    'tracked_list.c',
    'an instance that says it is terminated receives no signal',
    'if (!at || (terminated && wsig_load_relaxed(terminated) != 0)) continue;',
    '(void)terminated;\n    if (!at) continue;'
  ),
  asked(
    'requests.c',
    'a kill marks the terminated words only if it is asked to',
    'if (wkd_settings.mark_terminated) wkd',
    'wkd'
  ),
  asked(
    'tracked_list.c',
    'a kill that is asked to stores 1 in the terminated words',
    'wsig_store_release(at, 1);',
    ''
  ),

  // --------------------------------------------------------------- the kill
  microtask(
    'requests.c',
    'a request that exceeds its limit is aborted, in a microtask too',
    'if (was_killed) abort_context(request);',
    ''
  ),
  microtask(
    'requests.c',
    'the runtime aborts the context of what was stopped',
    'wkd_runtime.context_abort(request->context, &exception);',
    ''
  ),
  callbacks(
    'requests.c',
    'a turn that is being stopped runs no further callback of V8',
    'if (is_stopping(enforcer)) return WKD_OUTCOME_EXCEEDED_CPU;',
    '(void)is_stopping;'
  ),
  sql(
    'sql.c',
    'a statement of SQL is interrupted while its turn is being stopped',
    'return wkd_request_is_stopping();',
    'return 0;'
  ),
  turns(
    'requests.c',
    'the time of all turns of a request adds up',
    'int error = wasmsig_budget_enter(&request->budget);',
    `wasmsig_budget_options anew = limits(request);
  reset(request, &anew);
  int error = wasmsig_budget_enter(&request->budget);`
  ),
  log(
    'requests.c',
    'a request is reported when its context ends',
    `report(request);
    withdraw(request);
    /* In a turn`,
    `withdraw(request);
    /* In a turn`
  ),
  actor(
    'requests.c',
    'an event for an actor gives it new time',
    'find_or_make_enforcer(enforcer)->top_ups++;',
    '(void)enforcer;'
  ),

  // ------------------------------------------------------------- outcomes
  queue(
    'requests.c',
    'the enforcer says that its requests exceeded their limit',
    '? WKD_OUTCOME_EXCEEDED_CPU',
    '? WKD_OUTCOME_NONE'
  ),
  tail(
    'exceeded.c',
    'the detail of the exception makes the outcome exceededCpu',
    'wkd_runtime.exception_set_detail(exception, CPU_LIMIT_DETAIL, &detail);',
    '(void)detail;'
  ),

  // ------------------------------------------------------ answers over HTTP
  client(
    'late_answers.cc',
    'the client of a stopped request is answered with error 1102',
    'send_answer(node);',
    'return;'
  ),
  client(
    'exceeded.c',
    'the exception of a stopped request can be told from all others',
    'wkd_runtime.exception_set_detail(exception, STOPPED_DETAIL, &detail);',
    '(void)detail;'
  ),
  ownError(
    'late_answers.cc',
    'only an exception of a stopped request is answered with error 1102',
    '!wkd_is_exceeded_request(&result->exception)',
    'false'
  ),
  tailOfHttp(
    'late_answers.cc',
    'what observes a request sees its failure, not the answer',
    'response == outer_response || ',
    ''
  ),
  firstTurn(
    'late_answers.cc',
    'a Worker that called a stopped one receives the exception',
    ' || !is_for_client(response)',
    ''
  ),
  clientOfCpp(
    'answers.cc',
    'the client of a stopped request is answered with error 1102',
    'wkd_runtime.answer_error_by_type)(',
    'wkd_runtime.answer_error)('
  ),
  ownErrorOfCpp(
    'answers.cc',
    'only an exception of a stopped request is answered with error 1102',
    '!wkd_is_exceeded_request(exception)',
    'false'
  ),

  // ----------------------------------------------------------------- starts
  inMicrotask(
    'startup.c',
    'a start whose microtask was stopped fails',
    'throw_exceeded(isolate);\n}',
    '(void)throw_exceeded;\n}'
  ),
  atTop(
    'startup.c',
    'the reason of a start that failed is its limit',
    'write_exception(section);',
    '(void)write_exception;'
  ),
  atTop(
    'startup.c',
    'a start that exceeds its limit is interrupted',
    `wkd_runtime.isolate_interrupt(section->isolate->isolate, interrupted,
                                section->isolate);`,
    '(void)interrupted;'
  ),
  within('startup.c', 'a start is reported', 'wkd_report(&event);', ''),
  imported(
    'startup.c',
    'a limit of an import is not that of the request around it',
    'isolate->startup = section;',
    ''
  ),

  // ------------------------------------------------------------ the reports
  counted(
    'exit.c',
    'the end of the process waits for the reports',
    'void _exit(int status) {\n  wkd_report_flush();',
    'void _exit(int status) {'
  ),
  answersWithPipe(
    'log.c',
    'a request does not wait for the log',
    'if (was_empty) wkd_writer_wake(&writer);',
    '(void)was_empty;\n  write_all();'
  ),
  endsWithPipe(
    'report.c',
    'the end waits a second at most for a file that is full',
    'wkd_now_ns() + FLUSH_NS',
    'wkd_now_ns() + 1000000 * FLUSH_NS'
  ),
  ownFiles(
    'metrics.c',
    'the process id replaces %p in the name of the file',
    'strstr(path, "%p")',
    'strstr(path, "%%p")'
  ),
  ownTemporary(
    'metrics.c',
    'the file beside the metrics belongs to the process',
    '"%s.%d.new", file_path, (int)getpid()',
    '"%s.%d.new", file_path, (int)getpgrp()'
  ),
  unwritable(
    'metrics.c',
    'a file that cannot be written is refused before the start',
    'if (!file) return strerror_r(errno, reason, sizeof reason);',
    'if (!file) return NULL;'
  ),

  // ------------------------------------------------------------ the process
  missing(
    'binary/runtime.c',
    'a function that is missing is refused',
    'function->found == 0 && function->presence == OPTIONAL',
    'function->found == 0'
  ),
  children(
    'environment.c',
    'children of the runtime inherit no preload',
    'leave_preload();\n  return',
    '(void)leave_preload;\n  return'
  ),
  children(
    'environment.c',
    'children of the runtime inherit no limits',
    'unsetenv(names[i]);',
    '(void)names[i];'
  ),
  watched(
    'reexec.c',
    'the runtime that starts itself again keeps its limits',
    "if (strchr(file, '/') && is_own_start(file))",
    "if (!strchr(file, '/'))"
  ),
  watchedByOldest(
    'reexec.c',
    'the runtime of 2026-03 that starts itself again keeps its limits',
    'if (is_own_start(path)) return',
    'if (!path) return'
  )
]
