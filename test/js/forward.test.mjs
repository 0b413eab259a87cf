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

/** Runs the program's steps, and sends signals each time it says `when`. */
async function steps(args, when, ...signals) {
  const child = start('forward.mjs', { args: args.split(' ') })
  let times = 0
  for (const signal of signals) {
    times += 1
    if (!(await child.says(when, times))) break
    child.kill(signal)
  }
  const { status, signal, stdout } = await child.end()
  return { status, signal, said: stdout.trim().split('\n') }
}

/** Sends signals to a program that waits, and then tells it to go on. */
async function interrupted(args, ...signals) {
  const child = start('forward.mjs', { args: args.split(' ') })
  await child.says('waiting')
  for (const signal of signals.length ? signals : ['SIGINT']) child.kill(signal)
  // Whatever they do is done when this one is heard.
  setTimeout(() => child.kill('SIGUSR2'), 50)
  const { status, signal, stdout } = await child.end()
  return { status, signal, said: stdout.trim().split('\n') }
}

const died = { status: null, signal: 'SIGINT', said: ['waiting'] }

/** Sends SIGINT `times` times, each when the one before has been delivered. */
async function insisting(mode, times) {
  const child = start('insist.mjs', { args: [mode] })
  await child.says('watching')
  for (let i = 0; i < times; i += 1) {
    if (i > 0 && !(await child.says('delivered', i))) break
    child.kill('SIGINT')
  }
  const { status, signal, stdout } = await child.end()
  return { status, signal, said: stdout.trim().split('\n') }
}

// Children have no part in each other: several at a time.
describe('forward', { concurrency: 4 }, () => {
  test('a busy guest hears SIGINT and returns', async () => {
    const { status, said } = await steps('forward guest busy', 'busy', 'SIGINT')
    assert.deepEqual(said, ['busy', 'told 2', 'end'])
    assert.equal(status, 0)
  })

  test('a guest made before the forwarding hears it too', async () => {
    const { said } = await steps('guest forward busy', 'busy', 'SIGINT')
    assert.deepEqual(said, ['busy', 'told 2', 'end'])
  })

  test('several signals are forwarded, each as itself', async () => {
    const args = 'guest forwardTwo busy busy'
    const { status, said } = await steps(args, 'busy', 'SIGTERM', 'SIGINT')
    assert.deepEqual(said, ['busy', 'told 15', 'busy', 'told 2', 'end'])
    assert.equal(status, 0)
  })

  for (const order of ['listen guest forward', 'guest forward listen']) {
    test(`a listener runs when the loop is free: ${order}`, async () => {
      const { status, said } = await steps(
        `${order} busy idle`,
        'busy',
        'SIGINT'
      )
      const expected = ['busy', 'told 2', 'listener SIGINT', 'end']
      assert.deepEqual(said, expected)
      assert.equal(status, 0)
    })
  }

  test('a second signal comes through as the first did', async () => {
    const args = 'listen guest forward busy idle busy idle'
    const { said } = await steps(args, 'busy', 'SIGINT', 'SIGINT')
    const once = ['busy', 'told 2', 'listener SIGINT']
    assert.deepEqual(said, [...once, ...once, 'end'])
  })

  test('an idle guest finds the signal in its word', async () => {
    const { status, said } = await interrupted('guest forward wait read')
    assert.deepEqual(said, ['waiting', 'word 2', 'end'])
    assert.equal(status, 0)
  })

  test('without a guest and a listener the process dies of the signal', async () => {
    assert.deepEqual(await interrupted('forward wait'), died)
  })

  test('a guest that is not tracked saves nobody', async () => {
    assert.deepEqual(await interrupted('plain forward wait'), died)
  })

  test('a guest without a signal word saves nobody', async () => {
    assert.deepEqual(await interrupted('silent forward wait'), died)
  })

  test('a guest that says it is dead saves nobody', async () => {
    assert.deepEqual(await interrupted('dead forward wait'), died)
  })

  test('signals that end no process end none without a guest either', async () => {
    const signals = ['SIGWINCH', 'SIGCHLD', 'SIGURG', 'SIGCONT']
    const result = await interrupted('forwardHarmless wait', ...signals)
    const { status, signal, said } = result
    assert.equal(signal, null)
    assert.equal(status, 0)
    assert.deepEqual(said, ['waiting', 'end'])
  })

  test('without a guest a listener runs, and the process lives', async () => {
    const { status, said } = await interrupted('forward listen wait')
    assert.deepEqual(said, ['waiting', 'listener SIGINT', 'end'])
    assert.equal(status, 0)
  })

  for (const end of ['stop', 'stop stop', 'forwardTwo stop forward stop']) {
    test(`after ${end} the process dies of the signal again`, async () => {
      const begin = end.startsWith('forward') ? 'guest' : 'guest forward'
      assert.deepEqual(await interrupted(`${begin} ${end} wait`), died)
    })
  }

  test('after stop no guest is told, and a listener still runs', async () => {
    const { said } = await interrupted('guest forward listen stop wait read')
    assert.deepEqual(said, ['waiting', 'listener SIGINT', 'word 0', 'end'])
  })

  test('after stop a listener from before still runs', async () => {
    const { said } = await interrupted('listen guest forward stop wait read')
    assert.deepEqual(said, ['waiting', 'listener SIGINT', 'word 0', 'end'])
  })

  test('Symbol.dispose is stop', { skip: !Symbol.dispose }, async () => {
    assert.deepEqual(await interrupted('guest forward dispose wait'), died)
  })

  test('forwarding survives a listener that is removed', async () => {
    const { status, said } = await interrupted(
      'guest forward listen unlisten wait read'
    )
    assert.deepEqual(said, ['waiting', 'word 2', 'end'])
    assert.equal(status, 0)
  })

  test('forwarding survives a listener from before that is removed', async () => {
    const { status, said } = await interrupted(
      'listen guest forward unlisten wait read'
    )
    assert.deepEqual(said, ['waiting', 'word 2', 'end'])
    assert.equal(status, 0)
  })

  test('forwarding survives a listener that runs once', async () => {
    const args = 'guest forward once busy idle busy idle'
    const { status, said } = await steps(args, 'busy', 'SIGINT', 'SIGINT')
    const expected = [
      'busy',
      'told 2',
      'listener SIGINT',
      'busy',
      'told 2',
      'end'
    ]
    assert.deepEqual(said, expected)
    assert.equal(status, 0)
  })

  for (const listen of ['', 'listen ', 'once ', 'listen once ']) {
    test(`forwarding survives ${listen}and the removal of all listeners`, async () => {
      const { status, said } = await interrupted(
        `guest forward ${listen}unlistenAll unlistenAll wait read`
      )
      assert.deepEqual(said, ['waiting', 'word 2', 'end'])
      assert.equal(status, 0)
    })
  }

  test('without a guest the process dies then too', async () => {
    assert.deepEqual(await interrupted('forward listen unlistenAll wait'), died)
  })

  test('forwarding survives the removal of all listeners of process', async () => {
    const args = 'guest forward listen unlistenEverything busy'
    const { status, said } = await steps(args, 'busy', 'SIGINT')
    assert.deepEqual(said, ['busy', 'told 2', 'end'])
    assert.equal(status, 0)
  })

  for (const more of ['', 'idle unlistenAll ']) {
    test(`without a guest the process dies after that ${more}too`, async () => {
      const args = `forward unlistenEverything ${more}wait`
      assert.deepEqual(await steps(args, 'waiting', 'SIGINT'), died)
    })
  }

  test('whoever counts listeners counts none of ours beside others', async () => {
    const { said } = await steps(
      'forward listen idle listeners unlisten stop listeners',
      'never'
    )
    assert.deepEqual(said, ['listeners 1', 'listeners 0', 'end'])
  })

  for (const order of ['leaver guest forward', 'guest forward leaver']) {
    test(`who leaves by the signal does, after guests were told: ${order}`, async () => {
      const result = await steps(`${order} busy idle wait`, 'busy', 'SIGINT')
      const said = ['busy', 'told 2', 'leaving']
      assert.deepEqual(result, { status: null, signal: 'SIGINT', said })
    })
  }

  test('who leaves to others that listen does not end the process', async () => {
    const { status, said } = await steps(
      'guest forward leaver listen busy idle',
      'busy',
      'SIGINT'
    )
    assert.deepEqual(said, ['busy', 'told 2', 'listener SIGINT', 'end'])
    assert.equal(status, 0)
  })

  test('who cleans up for a while and leaves by the signal does', async () => {
    const args = 'guest forward lateLeaver busy idle wait'
    const result = await steps(args, 'busy', 'SIGINT')
    const said = ['busy', 'told 2', 'leaving']
    assert.deepEqual(result, { status: null, signal: 'SIGINT', said })
  })

  const LIVES = [
    'guest forward sendItself idle take sendItself idle read',
    'guest forward sendItself idle take unlistenAll sendItself idle read',
    'guest forward listen unlisten sendItself idle take sendItself idle read'
  ]
  for (const args of LIVES) {
    test(`a process whose listeners have not heard it lives: ${args}`, async () => {
      const { status, said } = await steps(args, 'never')
      assert.deepEqual(said, ['took 2', 'word 2', 'end'])
      assert.equal(status, 0)
    })
  }

  test('a listener that comes later is asked, not passed over', async () => {
    const args = 'guest forward once sendItself idle listen sendItself idle'
    const { status, said } = await steps(args, 'never')
    assert.deepEqual(said, ['listener SIGINT', 'listener SIGINT', 'end'])
    assert.equal(status, 0)
  })

  test('forwarding does not keep the process alive', async () => {
    const { status, said } = await steps('guest forward', 'never')
    assert.deepEqual(said, ['end'])
    assert.equal(status, 0)
  })

  test('insist: a guest that ignores the first signal dies of the second', async () => {
    const { signal, said } = await insisting('deaf', 2)
    assert.equal(signal, 'SIGINT')
    assert.deepEqual(said, ['watching', 'delivered'])
  })

  test('insist: a guest that answers each signal does not die', async () => {
    const { status, signal, said } = await insisting('answering', 3)
    assert.equal(signal, null)
    assert.equal(status, 0)
    assert.deepEqual(said.slice(0, 3), ['watching', 'delivered', 'delivered'])
    assert.ok(said.includes('returned')) // the watching thread may print after it
  })

  // The event loop never turns: the signal's handler decides.
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
    test(`a busy ${guest} guest that cannot hear is no shield: ${means}`, async () => {
      const result = await steps(`${guest} ${means} spin`, 'spinning', signal)
      const said = ['spinning']
      assert.deepEqual(result, { status: null, signal, said })
    })

  test('a busy guest that does not answer dies of the second', async () => {
    const child = start('forward.mjs', { args: ['guest', 'forward', 'spin'] })
    await child.says('spinning')
    let ended
    child.end().then((how) => (ended = how))
    // A busy machine may deliver two as one: till it is the second.
    while (!ended) {
      child.kill('SIGINT')
      await pause(250)
    }
    assert.equal(ended.signal, 'SIGINT')
  })

  test('a listener is a shield, as ever', async () => {
    const child = start('forward.mjs', {
      args: ['plain', 'forward', 'listen', 'wait']
    })
    await child.says('waiting')
    for (let i = 0; i < 3; i += 1) {
      child.kill('SIGINT')
      await child.says('listener SIGINT', i + 1)
    }
    child.kill('SIGUSR2')
    assert.equal((await child.end()).status, 0)
  })

  test('what a guest says that it handles ends nobody', async () => {
    const { said } = await interrupted(
      'handling forwardTerm wait read',
      'SIGTERM'
    )
    assert.deepEqual(said, ['waiting', 'word 15', 'end'])
  })

  // Node takes all listeners away meanwhile, and its default handler stays.
  for (const order of ['guest forward breakable', 'guest breakable forward'])
    test(`forwarding survives code that Ctrl-C may break: ${order}`, async () => {
      const result = await interrupted(`${order} wait read`)
      assert.deepEqual(result.said, ['waiting', 'word 2', 'end'])
      const heard = await interrupted(`${order} listen breakable wait read`)
      const said = ['waiting', 'listener SIGINT', 'word 2', 'end']
      assert.deepEqual(heard.said, said)
    })

  test('a busy guest hears of it right behind such code', async () => {
    const args = 'guest listen forward breakable busy'
    assert.deepEqual((await steps(args, 'busy', 'SIGINT')).said.slice(0, 2), [
      'busy',
      'told 2'
    ])
  })

  test('after such code the process dies where it would', async () => {
    assert.deepEqual(await interrupted('forward breakable wait'), died)
    const args = 'guest forward breakable stop forward'
    const { said } = await interrupted(`${args} wait read`)
    assert.deepEqual(said, ['waiting', 'word 2', 'end'])
    assert.deepEqual(
      await interrupted('guest forward breakable stop wait'),
      died
    )
    const { said: counted } = await steps(
      'forward breakable idle stop listeners',
      'never'
    )
    assert.deepEqual(counted, ['listeners 0', 'end'])
  })

  // To such a process no signal comes with its default action.
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

  // It puts Node's default handler back with each line.
  test('in a REPL a listener hears it between two lines', async (t) => {
    const child = spawn(process.execPath, ['-i'])
    t.after(() => child.kill('SIGKILL'))
    const ended = once(child, 'close').then(() => assert.fail(output))
    const says = async (text) => {
      while (!output.includes(text))
        await Promise.race([once(child.stdout, 'data'), ended])
    }
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (part) => (output += part))
    child.stdin.write(`const { forward, install } = require('wasmsig')
      install(); forward(['SIGINT'])
      process.on('SIGINT', () => console.log('heard', 6 * 7))
      setTimeout(() => console.log('ready', 6 * 7), 600)\n`)
    await says('ready 42')
    child.kill('SIGINT')
    await says('heard 42')
  })

  test("a guest in a worker hears the process's signal", async () => {
    const child = start('forward-worker.mjs')
    await child.says('busy')
    child.kill('SIGINT')
    const { status, stdout } = await child.end()
    assert.deepEqual(stdout.trim().split('\n'), ['busy', 'told 2'])
    assert.equal(status, 0)
  })

  test('a process without forwarding dies of the signal, guest or not', async () => {
    assert.deepEqual(await interrupted('guest wait'), died)
    const { status } = await run('forward.mjs', { args: ['guest'] })
    assert.equal(status, 0)
  })
})

test('stop does not disturb a forwarding that came after it', () => {
  const first = forward(['SIGUSR2'])
  first.stop()
  const second = forward(['SIGUSR2'])
  first.stop()
  assert.throws(() => forward(['SIGUSR2']), { code: 'ERR_WASMSIG_FORWARD' })
  second.stop()
})

test('timers that others have replaced are not used', (t) => {
  const { execArgv } = process
  t.mock.method(globalThis, 'setInterval', () => 1)
  process.execArgv = ['-i'] // a REPL, which is looked after by a timer
  t.after(() => (process.execArgv = execArgv))
  forward(['SIGINT']).stop()
  assert.equal(setInterval.mock.callCount(), 0)
})
