// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The outcome of each call with each value: 'ok'; 'theirs', an error of the
 * caller's own that passes through; a code without ERR_WASMSIG_; or the class
 * of an error of the engine's. `most` is the outcome of all values that no
 * other outcome lists.
 */
import { capabilities } from 'wasmsig'

/** Objects whose own keys are no limits. */
const NO_LIMITS = [
  'throwing getters',
  'exports with throwing getters',
  'array of undefined',
  'object with valueOf',
  'exports',
  'copied exports',
  'module bytes',
  'no module bytes',
  'shared word',
  'shared word, misaligned',
  'shared bytes, too short',
  'shared floats',
  'view of a memory',
  'proxy of a typed array',
  'global object',
  'WebAssembly in a realm'
]

const NO_OBJECTS = [
  'null',
  'true',
  'zero',
  'minus zero',
  'one',
  'half',
  'minus one',
  'NaN',
  '1e309',
  'sixtyfive',
  '2**53',
  'BigInt',
  'Symbol',
  'empty text',
  'SIGFOO',
  'SIGUSR2'
]
const CALLABLE = [
  'function',
  'class',
  'throwing function',
  'throwing function proxy',
  'revoked function proxy'
]
const NO_SIGNALS = [
  'zero',
  'minus zero',
  'half',
  'minus one',
  'NaN',
  '1e309',
  'sixtyfive',
  '2**53',
  'empty text',
  'SIGFOO'
]
const NO_AMOUNTS = ['zero', 'minus zero', 'minus one', 'NaN', '1e309', '2**53']
const BAD_LISTS = [
  'revoked proxy',
  'bad iterator',
  'detached view',
  'fake typed array',
  'proxy of a typed array'
]
const THROWING_LISTS = ['throwing proxy', 'throwing iterator', 'throwing next']
const THROWING_OPTIONS = [
  'throwing getters',
  'throwing proxy',
  'exports with throwing getters'
]

const OUTCOMES = {
  'install(x)': {
    most: 'ok',
    INVALID_ARG_TYPE: [...NO_OBJECTS],
    theirs: [...THROWING_OPTIONS, 'throwing function proxy'],
    TypeError: ['revoked proxy', 'revoked function proxy']
  },
  'install({ realm: x })': {
    most: 'INVALID_ARG_TYPE',
    ok: ['undefined', 'global object', 'WebAssembly in a realm'],
    theirs: [
      'throwing proxy',
      'throwing function proxy',
      'realm with a throwing getter'
    ],
    TypeError: ['revoked proxy', 'revoked function proxy']
  },
  'uninstall(x)': {
    most: 'ok',
    INVALID_ARG_TYPE: [...NO_OBJECTS],
    theirs: [...THROWING_OPTIONS, 'throwing function proxy'],
    TypeError: ['revoked proxy', 'revoked function proxy']
  },
  'uninstall({ realm: x })': {
    most: 'INVALID_ARG_TYPE',
    ok: ['undefined', 'global object', 'WebAssembly in a realm'],
    theirs: [
      'throwing proxy',
      'throwing function proxy',
      'realm with a throwing getter'
    ],
    TypeError: ['revoked proxy', 'revoked function proxy']
  },
  'new CpuBudget(x)': {
    most: 'INVALID_ARG_TYPE',
    UNKNOWN_LIMIT: [...NO_LIMITS],
    theirs: ['throwing proxy'],
    TypeError: ['revoked proxy']
  },
  'new CpuBudget({ soft: x })': {
    most: 'INVALID_ARG_TYPE',
    ok: ['one', 'half', 'sixtyfive'],
    OUT_OF_RANGE: [...NO_AMOUNTS]
  },
  'new CpuBudget({ hard: x })': {
    most: 'INVALID_ARG_TYPE',
    ok: ['one', 'half', 'sixtyfive'],
    OUT_OF_RANGE: [...NO_AMOUNTS]
  },
  'new CpuBudget({ signal: x })': {
    most: 'INVALID_ARG_TYPE',
    ok: ['undefined', 'one', 'SIGUSR2'],
    UNKNOWN_SIGNAL: [...NO_SIGNALS]
  },
  'new CpuBudget({ instances: x })': {
    most: 'INVALID_ARG_TYPE',
    ok: ['undefined', 'array', 'instances in a set'],
    theirs: [...THROWING_LISTS],
    TypeError: [...BAD_LISTS]
  },
  'new CpuBudget({ instances: [x] })': {
    most: 'INVALID_ARG_TYPE',
    ok: ['instance', 'instance of another realm']
  },
  'new CpuBudget({ onUnsafe: x })': {
    most: 'INVALID_ARG_TYPE',
    ok: ['undefined'],
    OUT_OF_RANGE: ['empty text', 'SIGFOO', 'SIGUSR2']
  },
  'new CpuBudget({ grace: x })': {
    most: 'INVALID_ARG_TYPE',
    ok: ['undefined', 'zero', 'minus zero', 'one', 'half', 'sixtyfive'],
    OUT_OF_RANGE: ['minus one', 'NaN', '1e309', '2**53']
  },
  'new CpuBudget({ name: x })': {
    most: 'INVALID_ARG_TYPE',
    ok: ['undefined', 'SIGFOO', 'SIGUSR2'],
    OUT_OF_RANGE: ['empty text']
  },
  'new CpuBudget({ measure: x })': { most: 'INVALID_ARG_TYPE', ok: ['true'] },
  'new CpuBudget({ terminate: x })': {
    most: 'INVALID_ARG_TYPE',
    ok: ['undefined', 'true']
  },
  'CpuBudget(x)': { most: 'TypeError' },
  'run(x)': {
    most: 'INVALID_ARG_TYPE',
    ok: ['function'],
    TypeError: ['class', 'revoked function proxy'],
    theirs: ['throwing function', 'throwing function proxy']
  },
  'run(f, x)': { most: 'ok' },
  'runAsync(x)': {
    most: 'INVALID_ARG_TYPE',
    ok: ['function'],
    'rejected TypeError': ['class', 'revoked function proxy'],
    'rejected theirs': ['throwing function', 'throwing function proxy']
  },
  'runAsync(() => x)': {
    most: 'ok',
    'rejected theirs': ['throwing proxy', 'throwing function proxy'],
    'rejected TypeError': ['revoked proxy', 'revoked function proxy']
  },
  'bind(x)': {
    most: 'INVALID_ARG_TYPE',
    ok: ['function', 'class', 'throwing function'],
    theirs: ['throwing function proxy'],
    TypeError: ['revoked function proxy']
  },
  'bind(f).call(x)': { most: 'ok' },
  'reset(x)': {
    most: 'ok',
    UNKNOWN_LIMIT: [...NO_LIMITS],
    INVALID_ARG_TYPE: [...NO_OBJECTS, ...CALLABLE],
    theirs: ['throwing proxy'],
    TypeError: ['revoked proxy']
  },
  'reset({ soft: x })': {
    most: 'INVALID_ARG_TYPE',
    ok: ['undefined', 'one', 'half', 'sixtyfive'],
    OUT_OF_RANGE: [...NO_AMOUNTS]
  },
  'reset({ hard: x })': {
    most: 'INVALID_ARG_TYPE',
    ok: ['undefined'],
    OUT_OF_RANGE: [...NO_AMOUNTS, 'one', 'half', 'sixtyfive']
  },
  'reset({ signal: x })': {
    most: 'INVALID_ARG_TYPE',
    ok: ['undefined', 'one', 'SIGUSR2'],
    UNKNOWN_SIGNAL: [...NO_SIGNALS]
  },
  'reset({ instances: x })': { most: 'INVALID_ARG_TYPE', ok: ['undefined'] },
  'run of x': { most: 'INVALID_ARG_TYPE' },
  'runAsync of x': { most: 'INVALID_ARG_TYPE' },
  'bind of x': { most: 'INVALID_ARG_TYPE' },
  'reset of x': { most: 'INVALID_ARG_TYPE' },
  'used of x': { most: 'INVALID_ARG_TYPE' },
  'state of x': { most: 'INVALID_ARG_TYPE' },
  'limitCpu(x, { measure: true })': {
    most: 'INVALID_ARG_TYPE',
    ok: ['function', 'class', 'throwing function'],
    theirs: ['throwing function proxy'],
    TypeError: ['revoked function proxy']
  },
  'limitCpu(f, x)': {
    most: 'INVALID_ARG_TYPE',
    UNKNOWN_LIMIT: [...NO_LIMITS],
    theirs: ['throwing proxy'],
    TypeError: ['revoked proxy']
  },
  'limitCpu(f, { measure: true }).call(x)': { most: 'ok' },
  'raise(x)': {
    most: 'INVALID_ARG_TYPE',
    UNKNOWN_SIGNAL: [...NO_SIGNALS],
    ok: ['one', 'SIGUSR2']
  },
  "raise('SIGINT', x)": {
    most: 'INVALID_ARG_TYPE',
    ok: [
      'undefined',
      'array',
      'instance',
      'instances in a set',
      'instance of another realm'
    ],
    theirs: [...THROWING_LISTS],
    TypeError: [...BAD_LISTS]
  },
  "raise('SIGINT', [x])": {
    most: 'INVALID_ARG_TYPE',
    ok: ['instance', 'instance of another realm']
  },
  'clear(x)': {
    most: 'INVALID_ARG_TYPE',
    ok: [
      'undefined',
      'array',
      'instance',
      'instances in a set',
      'instance of another realm'
    ],
    theirs: [...THROWING_LISTS],
    TypeError: [...BAD_LISTS]
  },
  'clear([x])': {
    most: 'INVALID_ARG_TYPE',
    ok: ['instance', 'instance of another realm']
  },
  'terminate(x)': {
    most: 'INVALID_ARG_TYPE',
    ok: [
      'array',
      'instance',
      'instances in a set',
      'instance of another realm'
    ],
    theirs: [...THROWING_LISTS],
    TypeError: [...BAD_LISTS]
  },
  'forward(x)': {
    most: 'INVALID_ARG_TYPE',
    ok: ['array'],
    theirs: [...THROWING_LISTS],
    TypeError: [...BAD_LISTS],
    OUT_OF_RANGE: ['endless names']
  },
  'forward([x])': {
    most: 'INVALID_ARG_TYPE',
    UNKNOWN_SIGNAL: ['empty text', 'SIGFOO'],
    ok: ['SIGUSR2']
  },
  "forward(['SIGUSR2'], x)": {
    most: 'ok',
    INVALID_ARG_TYPE: [...NO_OBJECTS, ...CALLABLE],
    theirs: [...THROWING_OPTIONS],
    TypeError: ['revoked proxy']
  },
  "forward(['SIGUSR2'], { insist: x })": {
    most: 'INVALID_ARG_TYPE',
    ok: ['undefined', 'one', 'sixtyfive'],
    OUT_OF_RANGE: [...NO_AMOUNTS, 'half']
  },
  'track(x)': {
    most: 'INVALID_ARG_TYPE',
    theirs: [...THROWING_OPTIONS],
    TypeError: ['revoked proxy']
  },
  'track({ signal: x })': {
    most: 'INVALID_ARG_TYPE',
    DETACHABLE: ['module bytes', 'no module bytes', 'view of a memory'],
    OUT_OF_RANGE: [
      'detached view',
      'shared word, misaligned',
      'shared bytes, too short'
    ],
    ok: ['shared word']
  },
  'track({ terminated: x })': {
    most: 'INVALID_ARG_TYPE',
    DETACHABLE: ['module bytes', 'no module bytes', 'view of a memory'],
    OUT_OF_RANGE: [
      'detached view',
      'shared word, misaligned',
      'shared bytes, too short'
    ],
    ok: ['shared word']
  },
  'inspect(x)': {
    most: 'INVALID_ARG_TYPE',
    ok: ['module', 'module bytes'],
    CompileError: [
      'no module bytes',
      'shared word',
      'shared word, misaligned',
      'shared bytes, too short',
      'shared floats',
      'view of a memory'
    ]
  },
  'stats(x)': { most: 'ok' },
  'new CpuLimitError(x, 1)': {
    most: 'ok',
    TypeError: [
      'Symbol',
      'bare object',
      'throwing getters',
      'revoked proxy',
      'revoked function proxy',
      'exports',
      'exports with throwing getters',
      'detached view',
      'fake typed array',
      'proxy of a typed array',
      'realm with a throwing getter'
    ],
    theirs: ['throwing proxy', 'throwing function proxy']
  },
  'new CpuLimitError(1, x)': {
    most: 'TypeError',
    ok: [...NO_AMOUNTS, 'one', 'half', 'sixtyfive'],
    theirs: ['throwing proxy', 'throwing function proxy']
  }
}

// ------------------------------------------------- where hosts are different

/** types/index.d.ts, track: which hosts accept ordinary buffers. */
const v8 = Number.parseInt(process.versions.v8, 10)
if (v8 >= 13 && !process.versions.deno && !process.versions.bun) {
  for (const call of ['track({ signal: x })', 'track({ terminated: x })']) {
    OUTCOMES[call].DETACHABLE = ['view of a memory']
    OUTCOMES[call].ok.push('module bytes', 'no module bytes')
  }
}

if (!capabilities.asyncContext) {
  OUTCOMES['runAsync(() => x)'] = { most: 'NO_ASYNC_CONTEXT' }
  OUTCOMES['runAsync(x)'] = {
    most: 'INVALID_ARG_TYPE',
    NO_ASYNC_CONTEXT: CALLABLE
  }
}

/** The expected outcome of a call with a value. */
export function expected(call, value) {
  const { most, ...others } = OUTCOMES[call]
  const found = Object.entries(others).find(([, of]) => of.includes(value))
  return found ? found[0] : most
}
