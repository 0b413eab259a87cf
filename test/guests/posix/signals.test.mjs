// SPDX-License-Identifier: Apache-2.0 OR MIT
// Signals from outside, by kill(2), at programs that know nothing of us.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { HOSTS, hostWith, program, run, start } from './support/posix.mjs'

const deeds = program('deeds')
const DEADLY = [1, 3, 6, 9, 13, 14, 15, 24, 26, 29, 31, 34, 64]
const HARMLESS = [17, 18, 20, 21, 22, 23, 28]
const ENGINES = ['wasmtime', 'wamr']

async function begin(t, host, deed, line = 'ready') {
  const how = host === 'node' ? hostWith('node', '--forward') : HOSTS[host]
  const running = start(t, how, deeds, deed)
  await running.said(line)
  return running
}

/** Sends it until the program ends: the first may come before the program
 * waits, and a wait is not for what has come before. */
async function insist({ child, ended }, signal) {
  const again = setInterval(() => child.kill(signal), 100)
  child.kill(signal)
  const end = await ended
  clearInterval(again)
  return end
}

for (const host of Object.keys(HOSTS)) {
  for (const [name, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGUSR2', 12]
  ])
    test(`${host}: ${name} runs the handler of a busy program`, async (t) => {
      const { child, ended } = await begin(t, host, 'busy', 'busy')
      child.kill(name)
      const { status, stdout } = await ended
      assert.equal(stdout, `busy\nheard ${number}\n`)
      assert.equal(status, 10)
    })

  test(`${host}: a handler of SIGXCPU receives the CPU limit`, () => {
    const limit = host === 'node' ? ['--soft', '50'] : ['--cpu-soft', '50ms']
    const { status, stdout } = run(hostWith(host, ...limit), deeds, 'busy')
    assert.equal(stdout, 'busy\nheard 24\n')
    assert.equal(status, 10)
  })

  test(`${host}: the CPU limit ends a program without a handler`, () => {
    const limit = host === 'node' ? ['--soft', '50'] : ['--cpu-soft', '50ms']
    const { status } = run(hostWith(host, ...limit), deeds, 'mute')
    assert.equal(status, 128 + 24)
  })

  test(`${host}: SIGTERM ends a program without a handler`, async (t) => {
    const { child, ended } = await begin(t, host, 'mute', 'busy')
    child.kill('SIGTERM')
    assert.equal((await ended).status, 128 + 15)
  })

  for (const deed of ['asleep', 'pausing'])
    test(`${host}: a program that is ${deed} wakes`, async (t) => {
      const running = await begin(t, host, deed)
      const { stdout } = await insist(running, 'SIGUSR2')
      const lines = {
        asleep: 'ready\nwoke 1 heard 12\n',
        pausing: 'ready\npaused -1 1 heard 12\n'
      }
      assert.equal(stdout, lines[deed])
    })

  test(`${host}: a program that select has woken before wakes`, async (t) => {
    const running = await begin(t, host, 'pausing_after_select')
    // Not at once: it is to come while select waits.
    await new Promise((resolve) => setTimeout(resolve, 100))
    running.child.kill('SIGUSR2')
    await running.said('ready\nready')
    const { stdout } = await insist(running, 'SIGUSR2')
    assert.equal(stdout, 'ready\nready\npaused -1 1 heard 12\n')
  })

  test(`${host}: a timer with SA_RESTART ends no read`, async (t) => {
    const { child, said, ended } = await begin(t, host, 'reading_beside_timer')
    await said('heard 14')
    child.stdin.write('abc\n')
    assert.equal((await ended).stdout, 'ready\nheard 14\nread 4 abc\n')
  })

  // A shell's pipe, which Node makes return EAGAIN.
  test(`${host}: nor does one that runs out`, async (t) => {
    const args = [...HOSTS[host], deeds, 'reading_beside_one_shot']
    const running = start(t, ['sh', '-c', 'cat | "$@"', 'sh', ...args])
    await running.said('heard 14')
    running.child.stdin.end('abc\n')
    assert.equal((await running.ended).stdout, 'heard 14\nread 4 abc\n')
  })

  test(`${host}: no signal is lost between unblocking and waiting`, async (t) => {
    for (let turn = 0; turn < 10; turn++) {
      const { child, ended } = await begin(t, host, 'suspending')
      child.kill('SIGUSR2')
      assert.equal((await ended).stdout, 'ready\nheard 12\n')
    }
  })

  for (const signal of host === 'wasmtime' ? DEADLY : [15])
    test(`${host}: signal ${signal} ends a program by default`, () => {
      const { status, stdout } = run(HOSTS[host], deeds, 'raise', `${signal}`)
      assert.equal(status, 128 + signal)
      assert.equal(stdout, '')
    })

  for (const signal of host === 'wasmtime' ? HARMLESS : [17])
    test(`${host}: signal ${signal} does nothing by default`, () => {
      const { status, stdout } = run(HOSTS[host], deeds, 'raise', `${signal}`)
      assert.equal(status, 0)
      assert.equal(stdout, 'still there\n')
    })

  test(`${host}: a death by signal flushes nothing and calls no function`, () => {
    const { status, stdout } = run(HOSTS[host], deeds, 'mute_with_atexit')
    assert.equal(stdout, '')
    assert.equal(status, 128 + 15)
  })
}

for (const host of ENGINES) {
  test(`${host}: read returns EINTR`, async (t) => {
    const running = await begin(t, host, 'reading')
    const { stdout } = await insist(running, 'SIGINT')
    assert.equal(stdout, 'ready\nread -1 1 heard 2\n')
  })

  test(`${host}: read goes on after handlers with SA_RESTART`, async (t) => {
    const { child, said, ended } = await begin(t, host, 'reading_on')
    child.kill('SIGUSR2')
    await said('heard 12')
    child.kill('SIGTERM') // ignored: the read goes on, too
    child.stdin.write('abc\n')
    assert.equal((await ended).stdout, 'ready\nheard 12\nread 4 abc\n')
  })

  test(`${host}: alarm ends a read`, async (t) => {
    const { ended } = await begin(t, host, 'reading_with_alarm')
    assert.equal((await ended).stdout, 'ready\nread -1 1 heard 14\n')
  })

  test(`${host}: poll returns EINTR in spite of SA_RESTART`, async (t) => {
    const running = await begin(t, host, 'polling')
    const { stdout } = await insist(running, 'SIGINT')
    assert.equal(stdout, 'ready\npoll -1 1 heard 2\n')
  })

  test(`${host}: poll reports input`, async (t) => {
    const { child, ended } = await begin(t, host, 'polling')
    child.stdin.write('x')
    assert.equal((await ended).stdout, 'ready\npoll 1 0 heard 0\n')
  })

  for (const [deed, when] of [
    ['aborting', ''],
    ['aborting_blocked', ' when it is blocked, too']
  ])
    test(`${host}: abort runs SIGABRT's handler, and traps${when}`, () => {
      const { status, stdout } = run(HOSTS[host], deeds, deed)
      assert.equal(stdout, 'heard 06\n')
      assert.equal(status, 134)
    })

  for (const [deed, where] of [
    ['killed', 'in the word'],
    ['killed_by_set', "in the set, behind another one's word"],
    ['killed_among_all', 'in the set, where all 64 wait']
  ])
    test(`${host}: a host's SIGKILL ${where} is a trap`, () => {
      const { status, stdout } = run(HOSTS[host], deeds, deed)
      assert.doesNotMatch(stdout, /still there\n$/)
      assert.equal(status, 134)
    })
}

test('SIGPIPE ends a program whose output has no reader', async (t) => {
  for (const [deed, status] of [
    ['printing', 128 + 13],
    ['printing_on', 10]
  ]) {
    const { child, ended } = await begin(t, 'node', deed, 'y')
    child.stdout.destroy()
    assert.equal((await ended).status, status, deed)
  }
})

test('psignal and psiginfo write to standard error', () => {
  const { stderr } = run(HOSTS.wasmtime, deeds, 'naming')
  const lines = 'before: Interrupt\nQuit\nHangup\ninfo: Terminated\n'
  assert.equal(stderr, lines)
})

test('without a host that knows of signals, timers and raise do', () => {
  const plain = hostWith('node', '--plain')
  for (const [group, name] of [
    ['timers', 'in_endless_loop'],
    ['masks', 'pauses'],
    ['actions', 'raise_runs']
  ]) {
    const { status, stdout } = run(plain, program(group), name)
    assert.equal(status, 0, stdout)
  }
})

test('without raises, a busy program behaves as ever', async (t) => {
  const plain = hostWith('node', '--plain')
  const { child, said, ended } = start(t, plain, deeds, 'busy')
  await said('busy')
  child.kill('SIGTERM')
  assert.equal((await ended).signal, 'SIGTERM')
})
