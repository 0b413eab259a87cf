// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The process's own signals reach its guests, and nothing else changes. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { forward } from 'wasmsig'
import { run, start } from './support/child.mjs'

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Runs the program's steps, and sends signals each time it prints `when`. */
async function steps(args, when, ...signals) {
  const child = start('forward.mjs', { args: args.split(' ') })
  let times = 0
  for (const signal of signals) {
    times += 1
    if (!(await child.prints(when, times))) break
    child.kill(signal)
  }
  const { status, signal, stdout } = await child.end()
  return { status, signal, output: stdout.trim().split('\n') }
}

/** Sends signals to a program that waits, and then lets it continue. */
async function interrupted(args, ...signals) {
  const child = start('forward.mjs', { args: args.split(' ') })
  await child.prints('waiting')
  for (const signal of signals.length ? signals : ['SIGINT']) child.kill(signal)
  // When this one is received, the effects of the others are complete.
  setTimeout(() => child.kill('SIGUSR2'), 50)
  const { status, signal, stdout } = await child.end()
  return { status, signal, output: stdout.trim().split('\n') }
}

const died = { status: null, signal: 'SIGINT', output: ['waiting'] }

/** Sends SIGINT `times` times, each after the delivery of the one before. */
async function insisting(mode, times) {
  const child = start('insist.mjs', { args: [mode] })
  await child.prints('watching')
  for (let i = 0; i < times; i += 1) {
    if (i > 0 && !(await child.prints('delivered', i))) break
    child.kill('SIGINT')
  }
  const { status, signal, stdout } = await child.end()
  return { status, signal, output: stdout.trim().split('\n') }
}

// Child processes are independent: several at a time.
describe('forward', { concurrency: 4 }, () => {
  test('a busy guest receives SIGINT and returns', async () => {
    const { status, output } = await steps(
      'forward guest busy',
      'busy',
      'SIGINT'
    )
    assert.deepEqual(output, ['busy', 'received 2', 'end'])
    assert.equal(status, 0)
  })

  test('a guest made before the forwarding receives it too', async () => {
    const { output } = await steps('guest forward busy', 'busy', 'SIGINT')
    assert.deepEqual(output, ['busy', 'received 2', 'end'])
  })

  test('several signals are forwarded, each with its own number', async () => {
    const args = 'guest forwardTwo busy busy'
    const { status, output } = await steps(args, 'busy', 'SIGTERM', 'SIGINT')
    assert.deepEqual(output, [
      'busy',
      'received 15',
      'busy',
      'received 2',
      'end'
    ])
    assert.equal(status, 0)
  })

  for (const order of ['listen guest forward', 'guest forward listen']) {
    test(`a listener runs when the event loop is free: ${order}`, async () => {
      const { status, output } = await steps(
        `${order} busy idle`,
        'busy',
        'SIGINT'
      )
      const expected = ['busy', 'received 2', 'listener SIGINT', 'end']
      assert.deepEqual(output, expected)
      assert.equal(status, 0)
    })
  }

  test('a second signal is forwarded like the first', async () => {
    const args = 'listen guest forward busy idle busy idle'
    const { output } = await steps(args, 'busy', 'SIGINT', 'SIGINT')
    const once = ['busy', 'received 2', 'listener SIGINT']
    assert.deepEqual(output, [...once, ...once, 'end'])
  })

  test('an idle guest finds the signal in its word', async () => {
    const { status, output } = await interrupted('guest forward wait read')
    assert.deepEqual(output, ['waiting', 'word 2', 'end'])
    assert.equal(status, 0)
  })

  test('without a guest and a listener the signal ends the process', async () => {
    assert.deepEqual(await interrupted('forward wait'), died)
  })

  test('a guest that is not tracked does not keep the process alive', async () => {
    assert.deepEqual(await interrupted('plain forward wait'), died)
  })

  test('a guest without a signal word does not keep the process alive', async () => {
    assert.deepEqual(await interrupted('silent forward wait'), died)
  })

  test('a terminated guest does not keep the process alive', async () => {
    assert.deepEqual(await interrupted('dead forward wait'), died)
  })

  test('harmless signals do not end the process without a guest either', async () => {
    const signals = ['SIGWINCH', 'SIGCHLD', 'SIGURG', 'SIGCONT']
    const result = await interrupted('forwardHarmless wait', ...signals)
    const { status, signal, output } = result
    assert.equal(signal, null)
    assert.equal(status, 0)
    assert.deepEqual(output, ['waiting', 'end'])
  })

  test('without a guest a listener runs, and the process lives', async () => {
    const { status, output } = await interrupted('forward listen wait')
    assert.deepEqual(output, ['waiting', 'listener SIGINT', 'end'])
    assert.equal(status, 0)
  })

  for (const end of ['stop', 'stop stop', 'forwardTwo stop forward stop']) {
    test(`after ${end} the signal ends the process again`, async () => {
      const begin = end.startsWith('forward') ? 'guest' : 'guest forward'
      assert.deepEqual(await interrupted(`${begin} ${end} wait`), died)
    })
  }

  test('after stop no guest is signalled, and a listener still runs', async () => {
    const { output } = await interrupted('guest forward listen stop wait read')
    assert.deepEqual(output, ['waiting', 'listener SIGINT', 'word 0', 'end'])
  })

  test('after stop a listener from before still runs', async () => {
    const { output } = await interrupted('listen guest forward stop wait read')
    assert.deepEqual(output, ['waiting', 'listener SIGINT', 'word 0', 'end'])
  })

  test('Symbol.dispose is stop', { skip: !Symbol.dispose }, async () => {
    assert.deepEqual(await interrupted('guest forward dispose wait'), died)
  })

  test('forwarding survives the removal of a listener', async () => {
    const { status, output } = await interrupted(
      'guest forward listen unlisten wait read'
    )
    assert.deepEqual(output, ['waiting', 'word 2', 'end'])
    assert.equal(status, 0)
  })

  test('forwarding survives the removal of an earlier listener', async () => {
    const { status, output } = await interrupted(
      'listen guest forward unlisten wait read'
    )
    assert.deepEqual(output, ['waiting', 'word 2', 'end'])
    assert.equal(status, 0)
  })

  test('forwarding survives a listener that runs once', async () => {
    const args = 'guest forward once busy idle busy idle'
    const { status, output } = await steps(args, 'busy', 'SIGINT', 'SIGINT')
    const expected = [
      'busy',
      'received 2',
      'listener SIGINT',
      'busy',
      'received 2',
      'end'
    ]
    assert.deepEqual(output, expected)
    assert.equal(status, 0)
  })

  for (const listen of ['', 'listen ', 'once ', 'listen once ']) {
    test(`forwarding survives ${listen}and the removal of all listeners`, async () => {
      const { status, output } = await interrupted(
        `guest forward ${listen}unlistenAll unlistenAll wait read`
      )
      assert.deepEqual(output, ['waiting', 'word 2', 'end'])
      assert.equal(status, 0)
    })
  }

  test('without a guest the signal ends the process then too', async () => {
    assert.deepEqual(await interrupted('forward listen unlistenAll wait'), died)
  })

  test('forwarding survives the removal of all listeners of process', async () => {
    const args = 'guest forward listen unlistenEverything busy'
    const { status, output } = await steps(args, 'busy', 'SIGINT')
    assert.deepEqual(output, ['busy', 'received 2', 'end'])
    assert.equal(status, 0)
  })

  for (const more of ['', 'idle unlistenAll ']) {
    test(`without a guest the signal ends the process after that ${more}too`, async () => {
      const args = `forward unlistenEverything ${more}wait`
      assert.deepEqual(await steps(args, 'waiting', 'SIGINT'), died)
    })
  }

  test('beside other listeners ours is not counted', async () => {
    const { output } = await steps(
      'forward listen idle listeners unlisten stop listeners',
      'never'
    )
    assert.deepEqual(output, ['listeners 1', 'listeners 0', 'end'])
  })

  for (const order of ['leaver guest forward', 'guest forward leaver']) {
    test(`a program that ends itself by the signal ends, after guests received it: ${order}`, async () => {
      const result = await steps(`${order} busy idle wait`, 'busy', 'SIGINT')
      const output = ['busy', 'received 2', 'leaving']
      assert.deepEqual(result, { status: null, signal: 'SIGINT', output })
    })
  }

  test('a program that leaves the end to other listeners does not end', async () => {
    const { status, output } = await steps(
      'guest forward leaver listen busy idle',
      'busy',
      'SIGINT'
    )
    assert.deepEqual(output, ['busy', 'received 2', 'listener SIGINT', 'end'])
    assert.equal(status, 0)
  })

  test('a program that cleans up and then ends itself by the signal ends', async () => {
    const args = 'guest forward lateLeaver busy idle wait'
    const result = await steps(args, 'busy', 'SIGINT')
    const output = ['busy', 'received 2', 'leaving']
    assert.deepEqual(result, { status: null, signal: 'SIGINT', output })
  })

  const LIVES = [
    'guest forward sendItself idle take sendItself idle read',
    'guest forward sendItself idle take unlistenAll sendItself idle read',
    'guest forward listen unlisten sendItself idle take sendItself idle read'
  ]
  for (const args of LIVES) {
    test(`a process lives if its listeners have not received the signal: ${args}`, async () => {
      const { status, output } = await steps(args, 'never')
      assert.deepEqual(output, ['took 2', 'word 2', 'end'])
      assert.equal(status, 0)
    })
  }

  test('a listener that is added later decides', async () => {
    const args = 'guest forward once sendItself idle listen sendItself idle'
    const { status, output } = await steps(args, 'never')
    assert.deepEqual(output, ['listener SIGINT', 'listener SIGINT', 'end'])
    assert.equal(status, 0)
  })

  test('forwarding does not keep the process alive', async () => {
    const { status, output } = await steps('guest forward', 'never')
    assert.deepEqual(output, ['end'])
    assert.equal(status, 0)
  })

  test('insist: the second signal ends a guest that ignores the first', async () => {
    const { signal, output } = await insisting('ignoring', 2)
    assert.equal(signal, 'SIGINT')
    assert.deepEqual(output, ['watching', 'delivered'])
  })

  test('insist: a guest that acknowledges each signal lives', async () => {
    const { status, signal, output } = await insisting('answering', 3)
    assert.equal(signal, null)
    assert.equal(status, 0)
    assert.deepEqual(output.slice(0, 3), ['watching', 'delivered', 'delivered'])
    assert.ok(output.includes('returned')) // the watching thread may print later
  })

  // The event loop is blocked: the signal's handler decides.
  for (const [guest, means, signal] of [
    ['plain', 'forward', 'SIGINT'],
    ['silent', 'forward', 'SIGINT'],
    ['dead', 'forward', 'SIGINT'],
    ['plain', 'insistOnOne', 'SIGINT'],
    ['guest', 'insistOnOne', 'SIGINT'],
    ['plain', 'listen unlisten forward', 'SIGINT'],
    ['plain', 'forward listen unlisten', 'SIGINT'],
    ['handling', 'forwardHup', 'SIGHUP']
  ])
    test(`a busy ${guest} guest that cannot receive it does not prevent the end: ${means}`, async () => {
      const result = await steps(`${guest} ${means} spin`, 'spinning', signal)
      const output = ['spinning']
      assert.deepEqual(result, { status: null, signal, output })
    })

  test('the second signal ends a busy guest that does not acknowledge', async () => {
    const child = start('forward.mjs', { args: ['guest', 'forward', 'spin'] })
    await child.prints('spinning')
    let ended
    child.end().then((how) => (ended = how))
    // A busy machine may deliver two as one: so repeat until it is the second.
    while (!ended) {
      child.kill('SIGINT')
      await pause(250)
    }
    assert.equal(ended.signal, 'SIGINT')
  })

  test('a listener prevents the end, as without forwarding', async () => {
    const child = start('forward.mjs', {
      args: ['plain', 'forward', 'listen', 'wait']
    })
    await child.prints('waiting')
    for (let i = 0; i < 3; i += 1) {
      child.kill('SIGINT')
      await child.prints('listener SIGINT', i + 1)
    }
    child.kill('SIGUSR2')
    assert.equal((await child.end()).status, 0)
  })

  test('a signal that a guest declares as handled does not end the process', async () => {
    const { output } = await interrupted(
      'handling forwardTerm wait read',
      'SIGTERM'
    )
    assert.deepEqual(output, ['waiting', 'word 15', 'end'])
  })

  // Node removes all listeners meanwhile, and its default handler stays.
  for (const order of ['guest forward breakable', 'guest breakable forward'])
    test(`forwarding survives code that Ctrl-C can break: ${order}`, async () => {
      const result = await interrupted(`${order} wait read`)
      assert.deepEqual(result.output, ['waiting', 'word 2', 'end'])
      const received = await interrupted(`${order} listen breakable wait read`)
      const output = ['waiting', 'listener SIGINT', 'word 2', 'end']
      assert.deepEqual(received.output, output)
    })

  test('a busy guest receives it right after such code', async () => {
    const args = 'guest listen forward breakable busy'
    assert.deepEqual((await steps(args, 'busy', 'SIGINT')).output.slice(0, 2), [
      'busy',
      'received 2'
    ])
  })

  test('after such code the signal ends the process where it should', async () => {
    assert.deepEqual(await interrupted('forward breakable wait'), died)
    const args = 'guest forward breakable stop forward'
    const { output } = await interrupted(`${args} wait read`)
    assert.deepEqual(output, ['waiting', 'word 2', 'end'])
    assert.deepEqual(
      await interrupted('guest forward breakable stop wait'),
      died
    )
    const { output: counted } = await steps(
      'forward breakable idle stop listeners',
      'never'
    )
    assert.deepEqual(counted, ['listeners 0', 'end'])
  })

  // The kernel delivers no signal with its default action to such a process.
  const CONTAINER = ['-p', '-f', '--mount-proc']
  const noContainer =
    spawnSync('unshare', [...CONTAINER, 'true']).status !== 0 &&
    'SKIPPED: unshare(1) may make no PID namespace here'
  if (noContainer) console.log(noContainer)
  for (const args of [
    'plain forward spin',
    'forward wait',
    'guest insistOnOne spin'
  ])
    test(
      `the first process of a container ends too: ${args}`,
      {
        skip: noContainer
      },
      async (t) => {
        const program = fileURLToPath(
          new URL('programs/forward.mjs', import.meta.url)
        )
        const container = spawn('unshare', [
          ...[...CONTAINER, process.execPath, program, ...args.split(' ')]
        ])
        const ended = once(container, 'close')
        await once(container.stdout.setEncoding('utf8'), 'data')
        const children = `/proc/${container.pid}/task/${container.pid}/children`
        const first = Number(readFileSync(children, 'utf8'))
        t.after(() => container.exitCode ?? process.kill(first, 'SIGKILL'))
        process.kill(first, 'SIGINT')
        assert.deepEqual(await ended, [130, null])
      }
    )

  // It installs Node's default handler again with each line.
  test('in a REPL a listener receives it between two lines', async (t) => {
    const child = spawn(process.execPath, ['-i'])
    t.after(() => child.kill('SIGKILL'))
    const ended = once(child, 'close').then(() => assert.fail(output))
    const prints = async (text) => {
      while (!output.includes(text))
        await Promise.race([once(child.stdout, 'data'), ended])
    }
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (part) => (output += part))
    child.stdin.write(`const { forward, install } = require('wasmsig')
      install(); forward(['SIGINT'])
      process.on('SIGINT', () => console.log('received', 6 * 7))
      setTimeout(() => console.log('ready', 6 * 7), 600)\n`)
    await prints('ready 42')
    child.kill('SIGINT')
    await prints('received 42')
  })

  test("a guest in a worker receives the process's signal", async () => {
    const child = start('forward-worker.mjs')
    await child.prints('busy')
    child.kill('SIGINT')
    const { status, stdout } = await child.end()
    assert.deepEqual(stdout.trim().split('\n'), ['busy', 'received 2'])
    assert.equal(status, 0)
  })

  test('without forwarding the signal ends the process, guest or not', async () => {
    assert.deepEqual(await interrupted('guest wait'), died)
    const { status } = await run('forward.mjs', { args: ['guest'] })
    assert.equal(status, 0)
  })
})

test('stop does not affect a later forwarding', () => {
  const first = forward(['SIGUSR2'])
  first.stop()
  const second = forward(['SIGUSR2'])
  first.stop()
  assert.throws(() => forward(['SIGUSR2']), { code: 'ERR_WASMSIG_FORWARD' })
  second.stop()
})

test('replaced timers are not used', (t) => {
  const { execArgv } = process
  t.mock.method(globalThis, 'setInterval', () => 1)
  process.execArgv = ['-i'] // a REPL, for which a timer restores the handler
  t.after(() => (process.execArgv = execArgv))
  forward(['SIGINT']).stop()
  assert.equal(setInterval.mock.callCount(), 0)
})
