// SPDX-License-Identifier: Apache-2.0 OR MIT
// Signals of the process reach a program that computes, and one that is blocked
// in a call; who does not answer dies of them.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import {
  COMMAND,
  ENGINES,
  folder,
  guest,
  pause,
  startIn
} from './support/command.mjs'

const signals = guest('signals')
const plain = guest('plain')

for (const engine of ENGINES) {
  const begin = async (t, args, line) => {
    const running = startIn(t, engine, args)
    await running.said(line)
    return running
  }

  for (const [name, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
    ['SIGUSR1', 10],
    ['SIGQUIT', 3],
    ['SIGALRM', 14],
    ['SIGWINCH', 28],
    ['SIGCONT', 18]
  ]) {
    test(`${engine}: ${name} reaches a program that computes`, async (t) => {
      const { child, ended } = await begin(t, [signals, 'busy'], 'busy')
      child.kill(name)
      const { status, stdout } = await ended
      assert.equal(stdout, `busy\nheard ${number}\n`)
      assert.equal(status, 10)
    })
  }

  test(`${engine}: a sleep ends early`, async (t) => {
    const { child, ended } = await begin(t, [signals, 'asleep'], 'asleep')
    child.kill('SIGTERM')
    const { status, stdout } = await ended
    assert.equal(stdout, 'asleep\nwoke 0 heard 15\n')
    assert.equal(status, 11)
  })

  test(`${engine}: a read of standard input answers EINTR`, async (t) => {
    const { child, said, ended } = await begin(
      ...[t, [signals, 'reading'], 'reading']
    )
    child.stdin.write('abc')
    await said('read 3')
    child.kill('SIGINT')
    const { status, stdout } = await ended
    assert.equal(stdout, 'reading\nread 3\ninterrupted, heard 2\n')
    assert.equal(status, 12)
  })

  test(`${engine}: poll answers EINTR`, async (t) => {
    const { child, ended } = await begin(t, [signals, 'polling'], 'polling')
    child.kill('SIGUSR2')
    const { status, stdout } = await ended
    assert.equal(stdout, 'polling\ninterrupted 1, heard 12\n')
    assert.equal(status, 13)
  })

  test(`${engine}: poll tells of input`, async (t) => {
    const { child, ended } = await begin(t, [signals, 'polling'], 'polling')
    child.stdin.write('x')
    assert.equal((await ended).stdout, 'polling\nready 1\n')
  })

  for (const deed of ['writing', 'printing']) {
    test(`${engine}: ${deed} into a full pipe ends`, async (t) => {
      const running = startIn(t, engine, [signals, deed])
      running.child.stdout.pause()
      running.child.stdout.removeAllListeners('data')
      await running.said('writing', { where: 'stderr' })
      await pause(300)
      running.child.kill('SIGINT')
      await running.said('interrupted, heard 2', { where: 'stderr' })
      running.child.stdout.resume()
      assert.equal((await running.ended).status, 14)
    })
  }

  test(`${engine}: one request that comes twice is one`, async (t) => {
    const { child, ended } = await begin(t, [signals, 'slow'], 'slow')
    child.kill('SIGINT')
    child.kill('SIGINT')
    await pause(1)
    child.kill('SIGINT')
    assert.equal((await ended).stdout, 'slow\nheard 2\n')
  })

  test(`${engine}: signals that come just as it blocks are not lost`, async (t) => {
    for (let turn = 0; turn < 20; turn++) {
      const { child, ended } = await begin(t, [signals, 'asleep'], 'asleep')
      await pause(turn / 10)
      child.kill('SIGINT')
      assert.equal((await ended).stdout, 'asleep\nwoke 0 heard 2\n')
    }
  })

  test(`${engine}: one that answers is asked each time`, async (t) => {
    const { child, said, ended } = await begin(
      ...[t, [signals, 'insensible'], 'insensible']
    )
    for (const [name, line] of [
      ['SIGINT', 'heard 2\n'],
      ['SIGTERM', 'heard 2\nheard 15\n'],
      ['SIGINT', 'heard 2\nheard 15\nheard 2\n'],
      ['SIGINT', 'heard 2\nheard 15\nheard 2\nheard 2\n']
    ]) {
      child.kill(name)
      await said(line)
    }
    child.kill('SIGKILL')
    assert.equal((await ended).signal, 'SIGKILL')
  })

  test(`${engine}: the second of a kind ends one that does not answer`, async (t) => {
    const { child, ended } = await begin(t, [signals, 'deaf'], 'deaf')
    child.kill('SIGTERM')
    await pause(100)
    child.kill('SIGINT')
    await pause(400)
    assert.equal(child.exitCode ?? child.signalCode, null)
    child.kill('SIGINT')
    const { signal, stderr } = await ended
    assert.equal(signal, 'SIGINT')
    assert.match(stderr, /^wasmsig: .*: ended by SIGINT after .* of CPU\n$/)
  })

  for (const name of ['SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGALRM'])
    test(`${engine}: ${name} ends one that does not handle it`, async (t) => {
      const { child, ended } = await begin(t, [signals, 'counting'], 'counting')
      child.kill(name)
      const { signal, stderr } = await ended
      assert.equal(signal, name)
      assert.match(stderr, /^wasmsig: .*: ended by SIG\w+ after .* of CPU\n$/)
    })

  test(`${engine}: the second Ctrl-C ends one that does not handle it`, async (t) => {
    const { child, ended } = await begin(t, [signals, 'counting'], 'counting')
    child.kill('SIGINT')
    await pause(250)
    assert.equal(child.exitCode ?? child.signalCode, null)
    child.kill('SIGINT')
    assert.equal((await ended).signal, 'SIGINT')
  })

  test(`${engine}: one that compares what it is told hears of Ctrl-C`, async (t) => {
    const { child, ended } = await begin(t, [signals, 'comparing'], 'comparing')
    child.kill('SIGINT')
    const { status, stdout } = await ended
    assert.equal(stdout, 'comparing\ninterrupted\n')
    assert.equal(status, 17)
  })

  test(`${engine}: what has a handler ends nobody, the rest does`, async (t) => {
    const handled = await begin(t, [signals, 'handling'], 'handling')
    handled.child.kill('SIGTERM')
    assert.equal((await handled.ended).stdout, 'handling\nheard 15\n')
    const other = await begin(t, [signals, 'handling'], 'handling')
    other.child.kill('SIGHUP')
    assert.equal((await other.ended).signal, 'SIGHUP')
  })

  test(`${engine}: one without words dies of the first`, async (t) => {
    const { child, ended } = await begin(t, [plain, 'spin'], 'half')
    child.kill('SIGTERM')
    const { signal, stdout, stderr } = await ended
    assert.equal(signal, 'SIGTERM')
    assert.equal(stdout, 'half a li')
    assert.match(stderr, /^wasmsig: .*: ended by SIGTERM after .* of CPU\n$/)
  })

  test(`${engine}: harmless signals end nobody`, async (t) => {
    const { child, ended } = await begin(t, [plain, 'spin'], 'half')
    for (let i = 0; i < 3; i++) {
      child.kill('SIGWINCH')
      child.kill('SIGCONT')
      await pause(20)
    }
    assert.equal(child.exitCode ?? child.signalCode, null)
    child.kill('SIGTERM')
    assert.equal((await ended).signal, 'SIGTERM')
  })

  test(`${engine}: --forward none leaves signals alone`, async (t) => {
    const args = ['--forward', 'none', signals, 'busy']
    const { child, ended } = await begin(t, args, 'busy')
    child.kill('SIGINT')
    const { signal, stderr } = await ended
    assert.equal(signal, 'SIGINT')
    assert.equal(stderr, '')
  })

  test(`${engine}: --forward names others`, async (t) => {
    const args = ['--forward', 'PROF,SIGVTALRM,40', signals, 'busy']
    const { child, ended } = await begin(t, args, 'busy')
    child.kill('SIGPROF')
    assert.equal((await ended).stdout, 'busy\nheard 27\n')
  })

  test(`${engine}: what was ignored at the start stays ignored`, async (t) => {
    const child = spawn('sh', [
      ...['-c', 'trap "" HUP INT; exec "$@"', 'sh'],
      ...[COMMAND, 'run', '--engine', engine, signals, 'busy']
    ])
    t.after(() => child.kill('SIGKILL'))
    child.stdout.setEncoding('utf8')
    let output = ''
    const ended = new Promise((resolve) => child.on('close', resolve))
    await new Promise((resolve) =>
      child.stdout.on('data', (part) => {
        output += part
        resolve()
      })
    )
    child.kill('SIGHUP')
    child.kill('SIGINT')
    await pause(100)
    child.kill('SIGTERM')
    await ended
    assert.equal(output, 'busy\nheard 15\n')
  })

  for (const name of ['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE']) {
    test(`${engine}: ${name} that is sent is no fault of code`, async (t) => {
      for (const deed of ['busy', 'asleep']) {
        const { child, ended } = await begin(t, [signals, deed], deed)
        child.kill(name)
        const { signal, stderr } = await ended
        assert.match(
          stderr,
          new RegExp(`: ended by ${name} after .* of CPU\n$`)
        )
        assert.equal(signal, name)
      }
    })
  }

  test(`${engine}: one that was ignored at the start stays so`, async (t) => {
    const child = spawn('sh', [
      ...['-c', 'trap "" FPE SEGV; exec "$@"', 'sh'],
      ...[COMMAND, 'run', '--engine', engine, signals, 'busy']
    ])
    t.after(() => child.kill('SIGKILL'))
    const ended = new Promise((resolve) =>
      child.on('close', (status, signal) => resolve(signal ?? status))
    )
    await new Promise((resolve) => child.stdout.once('data', resolve))
    child.kill('SIGFPE')
    child.kill('SIGSEGV')
    await pause(100)
    child.kill('SIGTERM')
    assert.equal(await ended, 10)
  })

  test(`${engine}: a reader that has gone ends it by SIGPIPE`, async (t) => {
    const running = startIn(t, engine, [signals, 'writing'])
    await running.said('writing', { where: 'stderr' })
    running.child.stdout.destroy()
    assert.equal((await running.ended).signal, 'SIGPIPE')
  })

  test(`${engine}: nobody who reads of its end is no other end`, async () => {
    for (const [status, ...args] of [
      [134, plain, 'trap'],
      [152, '--cpu-hard', '20ms', plain, 'quiet'],
      [3, '--cpu-soft', '1s', '--stats', plain, 'exit', '3'],
      [1, '/nowhere'],
      [2, '--nothing']
    ]) {
      const child = spawn(COMMAND, ['run', '--engine', engine, ...args])
      child.stderr.destroy()
      assert.equal(
        await new Promise((resolve) =>
          child.on('exit', (status, signal) => resolve(signal ?? status))
        ),
        status
      )
    }
  })

  test(`${engine}: a reader who does not read cannot keep it`, (t) => {
    const told = join(folder(t), 'status')
    // A pipe that is full, and whose reader looks after two seconds.
    spawnSync('sh', [
      '-c',
      `{ head -c 65536 /dev/zero
         "$0" run --engine "$1" --cpu-hard 50ms "$2" quiet 2>&1
         echo $? >"$3"; } | { sleep 2; cp "$3" "$3.early"; }`,
      ...[COMMAND, engine, plain, told]
    ])
    assert.equal(readFileSync(`${told}.early`, 'utf8'), '152\n')
  })

  test(`${engine}: the reader's going is told by --stats alone`, async (t) => {
    const running = startIn(t, engine, ['--json', signals, 'writing'])
    await running.said('writing', { where: 'stderr' })
    running.child.stdout.destroy()
    const { signal, stderr } = await running.ended
    assert.equal(signal, 'SIGPIPE')
    assert.equal(JSON.parse(stderr.split('\n')[1]).signal, 'SIGPIPE')
  })

  test(`${engine}: it stops and goes on as any process`, async (t) => {
    const { child, said, ended } = await begin(
      ...[t, [signals, 'insensible'], 'insensible']
    )
    child.kill('SIGTSTP')
    await pause(100)
    child.kill('SIGCONT')
    await said('heard 18')
    child.kill('SIGKILL')
    await ended
  })
}
