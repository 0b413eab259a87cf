// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Bad targets, signals, realms and lists are refused, and change nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clear, forward, install, raise, stats, uninstall } from 'wasmsig'
import { instantiate, read } from './support/guests.mjs'
import {
  NOT_NAMES,
  NOT_SIGNALS,
  NOT_SIGNAL_NUMBERS,
  RANGE,
  SIGNAL,
  TYPE,
  refused
} from './support/refusal.mjs'
import { caught } from './support/work.mjs'

install()

const instance = instantiate()

/** Functions that have a target. */
const TAKE_TARGETS = {
  raise: (target) => raise('SIGINT', target),
  clear: (target) => clear(target)
}

const NOT_TARGETS = [
  ['null', null],
  ['a number', 5],
  ['true', true],
  ['a BigInt', 5n],
  ['a symbol', Symbol('realm')],
  ['an object', {}],
  ['a function', () => instance],
  ['a memory', instance.exports.memory],
  ['exports', instance.exports],
  ['an array with a number behind an instance', [instance, 5]],
  ['an array with a string', ['realm']],
  ['an array of arrays', [[instance]]],
  ['a sparse array', [, instance]]
]

for (const [taker, take] of Object.entries(TAKE_TARGETS)) {
  for (const [name, target] of NOT_TARGETS) {
    test(`${taker} refuses ${name} as a target`, () => {
      clear()
      if (taker === 'clear') raise('SIGTERM')
      const before = read(instance, 'signal')
      refused(() => take(target), TYPE, /target/)
      assert.equal(read(instance, 'signal'), before)
    })
  }

  for (const target of ['', 'all', 'Realm', 'processes']) {
    test(`${taker} refuses the target '${target}'`, () => {
      clear()
      if (taker === 'clear') raise('SIGTERM')
      const before = read(instance, 'signal')
      refused(
        () => take(target),
        [TYPE, RANGE],
        new RegExp(`'${target}'|"${target}"`)
      )
      assert.equal(read(instance, 'signal'), before)
    })
  }

  test(`${taker}: an error of a target's iterator passes through`, () => {
    clear()
    if (taker === 'clear') raise('SIGTERM')
    const before = read(instance, 'signal')
    const theirs = new Error('theirs')
    const target = (function* () {
      yield instance
      throw theirs
    })()
    assert.equal(
      caught(() => take(target)),
      theirs
    )
    assert.equal(read(instance, 'signal'), before)
  })
}

for (const name of NOT_NAMES) {
  test(`raise refuses the name '${name}'`, () => {
    clear()
    const { raises } = stats()
    refused(() => raise(name), SIGNAL, new RegExp(name))
    assert.equal(read(instance, 'signal'), 0)
    assert.equal(stats().raises, raises)
  })
}

for (const number of NOT_SIGNAL_NUMBERS) {
  test(`raise refuses the number ${number}`, () => {
    clear()
    refused(() => raise(number), [RANGE, SIGNAL], new RegExp(String(number)))
    assert.equal(read(instance, 'signal'), 0)
  })
}

for (const [name, value, came] of [
  ...NOT_SIGNALS,
  ['undefined', undefined, /undefined/]
]) {
  test(`raise refuses ${name} as a signal`, () => {
    clear()
    refused(() => raise(value), TYPE, came)
    assert.equal(read(instance, 'signal'), 0)
  })
}

/** Functions that have a realm. */
const TAKE_REALMS = { install, uninstall }
for (const [taker, take] of Object.entries(TAKE_REALMS)) {
  for (const options of [null, 5, 'realm', true]) {
    test(`${taker} refuses the options ${String(options)}`, () => {
      install()
      const { Instance } = WebAssembly
      refused(() => take(options), TYPE, /options|object/i)
      assert.equal(WebAssembly.Instance, Instance)
    })
  }

  const NOT_REALMS = {
    null: null,
    5: 5,
    'a string': 'realm',
    '{}': {},
    '{ WebAssembly: {} }': { WebAssembly: {} }
  }
  for (const [name, realm] of Object.entries(NOT_REALMS)) {
    test(`${taker} refuses ${name} as a realm`, () => {
      refused(() => take({ realm }), TYPE, /realm/)
    })
  }
}

for (const value of [undefined, null, 5, {}, true]) {
  test(`forward refuses ${typeof value} ${String(value)} as signals`, () => {
    refused(() => forward(value), TYPE, /signals/)
  })
}

for (const name of NOT_NAMES) {
  test(`forward refuses the name '${name}', and forwards nothing`, () => {
    refused(() => forward(['SIGUSR2', name]), SIGNAL, new RegExp(name))
    forward(['SIGUSR2']).stop()
  })
}

test('forward refuses a single name that is not in a list', () => {
  refused(() => forward('SIGINT'), [TYPE, SIGNAL], /./)
})

for (const value of [null, '2', 2n, true, {}]) {
  test(`forward refuses ${typeof value} ${String(value)} as insist`, () => {
    refused(() => forward(['SIGUSR2'], { insist: value }), TYPE, /insist/)
    forward(['SIGUSR2']).stop()
  })
}

for (const value of [-1, 1.5, NaN, Infinity, 2 ** 40]) {
  test(`forward refuses ${value} as insist`, () => {
    refused(() => forward(['SIGUSR2'], { insist: value }), RANGE, /insist/)
    forward(['SIGUSR2']).stop()
  })
}

for (const value of [null, 5, 'insist']) {
  test(`forward refuses ${String(value)} as options`, () => {
    refused(() => forward(['SIGUSR2'], value), TYPE, /options|object/i)
    forward(['SIGUSR2']).stop()
  })
}

for (const name of ['SIGKILL', 'SIGSTOP', 'SIGSEGV']) {
  test(`forward refuses ${name}, and forwards none of the list`, () => {
    const error = { name: 'Error', code: 'ERR_WASMSIG_FORWARD' }
    assert.throws(() => forward(['SIGUSR2', name]), error)
    assert.throws(
      () => forward([name]),
      (thrown) => thrown.message.includes(name)
    )
    if (name !== 'SIGSEGV') {
      assert.throws(() => forward([name]), /^Error: no process can handle SIG/)
    }
    forward(['SIGUSR2']).stop()
  })
}

test('forward refuses a signal twice, and the first forwarding stays', () => {
  const first = forward(['SIGUSR2'])
  const error = { name: 'Error', code: 'ERR_WASMSIG_FORWARD' }
  assert.throws(() => forward(['SIGUSR2']), error)
  assert.throws(() => forward(['SIGHUP', 'SIGUSR2']), error)
  forward(['SIGHUP']).stop()
  first.stop()
  forward(['SIGUSR2']).stop()
})
