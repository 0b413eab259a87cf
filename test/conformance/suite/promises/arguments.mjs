// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Bad input. */

const TYPE = 'ERR_WASMSIG_INVALID_ARG_TYPE'
const RANGE = 'ERR_WASMSIG_OUT_OF_RANGE'
const SIGNAL = 'ERR_WASMSIG_UNKNOWN_SIGNAL'

const CLASSES = { [TYPE]: TypeError, [RANGE]: RangeError, [SIGNAL]: RangeError }

function checkRefused({ caught, check, same }, cases) {
  for (const [what, code, action] of cases) {
    const error = caught(action)
    check(error, `${what} is accepted`)
    same(`the code for ${what}`, error.code, code)
    same(`the class for ${what}`, error.constructor, CLASSES[code])
  }
}

export const ARGUMENTS = [
  {
    promise: 'bad limits throw TypeError or RangeError with a code',
    run(host) {
      const { CpuBudget, limitCpu } = host.wasmsig
      const make = (limits) => () => new CpuBudget(limits)
      checkRefused(host, [
        ['no limits', TYPE, make()],
        ['a string', TYPE, make({ soft: '5' })],
        ['null', TYPE, make({ hard: null })],
        ['0', RANGE, make({ soft: 0 })],
        ['NaN', RANGE, make({ hard: NaN })],
        ['Infinity', RANGE, make({ hard: Infinity })],
        ['soft above hard', RANGE, make({ soft: 5, hard: 2 })],
        ['a signal of another name', SIGNAL, make({ soft: 5, signal: 'SIG' })],
        ['instances that are none', TYPE, make({ soft: 5, instances: [{}] })],
        [
          'a function that is none',
          TYPE,
          () => new CpuBudget({ measure: true }).run(5)
        ],
        ['nothing to limit', TYPE, () => limitCpu(undefined, { measure: true })]
      ])
    }
  },
  {
    promise:
      'bad signals and targets throw TypeError or RangeError with a code',
    run(host) {
      const { clear, forward, install, raise } = host.wasmsig
      checkRefused(host, [
        ['a name in small letters', SIGNAL, () => raise('sigint')],
        ['a name of Object.prototype', SIGNAL, () => raise('toString')],
        ['65', SIGNAL, () => raise(65)],
        ['1.5', SIGNAL, () => raise(1.5)],
        ['null', TYPE, () => raise(null)],
        ['a target of another name', TYPE, () => raise('SIGINT', 'world')],
        ['a target that is none', TYPE, () => clear({})],
        ['signals that are a string', TYPE, () => forward('SIGINT')],
        ['insist of 0', RANGE, () => forward(['SIGINT'], { insist: 0 })],
        ['a realm that is none', TYPE, () => install({ realm: {} })]
      ])
    }
  },
  {
    promise: 'an operation that is not possible throws Error with a code',
    run({ caught, same, wasmsig }) {
      const { CpuBudget, forward } = wasmsig
      const codeOf = (action) => caught(action)?.code
      const kill = codeOf(() => forward(['SIGKILL']))
      same('forwarding SIGKILL', kill, 'ERR_WASMSIG_FORWARD')
      forward(['SIGUSR2'])
      const twice = codeOf(() => forward(['SIGUSR2']))
      same('forwarding twice', twice, 'ERR_WASMSIG_FORWARD')
      const budget = new CpuBudget({ measure: true })
      const busy = budget.run(() => codeOf(() => budget.reset()))
      same('reset while running', busy, 'ERR_WASMSIG_BUSY')
    }
  }
]
