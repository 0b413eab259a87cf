// SPDX-License-Identifier: Apache-2.0 OR MIT
// Signals of the process reach a program that computes, and one that is blocked
// in a call. They end a program that does not handle them.
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
      assert.equal(stdout, `busy\nreceived ${number}\n`)
      assert.equal(status, 10)
    })
  }

  test(`${engine}: a sleep ends early`, async (t) => {
    const { child, ended } = await begin(t, [signals, 'sleeping'], 'sleeping')
    child.kill('SIGTERM')
    const { status, stdout } = await ended
    assert.equal(stdout, 'sleeping\nwoke 0 received 15\n')
    assert.equal(status, 11)
  })

  test(`${engine}: a read of standard input returns EINTR`, async (t) => {
    const { child, said, ended } = await begin(
      ...[t, [signals, 'reading'], 'reading']
    )
    child.stdin.write('abc')
    await said('read 3')
    child.kill('SIGINT')
    const { status, stdout } = await ended
    assert.equal(stdout, 'reading\nread 3\ninterrupted, received 2\n')
    assert.equal(status, 12)
  })

  test(`${engine}: poll returns EINTR`, async (t) => {
    const { child, ended } = await begin(t, [signals, 'polling'], 'polling')
    child.kill('SIGUSR2')
    const { status, stdout } = await ended
    assert.equal(stdout, 'polling\ninterrupted 1, received 12\n')
    assert.equal(status, 13)
  })

  test(`${engine}: poll reports input`, async (t) => {
    const { child, ended } = await begin(t, [signals, 'polling'], 'polling')
    child.stdin.write('x')
    assert.equal((await ended).stdout, 'polling\nready 1\n')
  })

  for (const mode of ['writing', 'printing']) {
    test(`${engine}: a signal ends ${mode} into a full pipe`, async (t) => {
      const running = startIn(t, engine, [signals, mode])
      running.child.stdout.pause()
      running.child.stdout.removeAllListeners('data')
      await running.said('writing', { where: 'stderr' })
      await pause(300)
      running.child.kill('SIGINT')
      await running.said('interrupted, received 2', { where: 'stderr' })
      running.child.stdout.resume()
      assert.equal((await running.ended).status, 14)
    })
  }

  test(`${engine}: the same signal twice at once is one request`, async (t) => {
    const { child, ended } = await begin(t, [signals, 'slow'], 'slow')
    child.kill('SIGINT')
    child.kill('SIGINT')
    await pause(1)
    child.kill('SIGINT')
    assert.equal((await ended).stdout, 'slow\nreceived 2\n')
  })

  test(`${engine}: a signal that comes just before a call blocks is not lost`, async (t) => {
    for (let turn = 0; turn < 20; turn++) {
      const { child, ended } = await begin(t, [signals, 'sleeping'], 'sleeping')
      await pause(turn / 10)
      child.kill('SIGINT')
      assert.equal((await ended).stdout, 'sleeping\nwoke 0 received 2\n')
    }
  })

  test(`${engine}: a program that acknowledges receives each signal`, async (t) => {
    const { child, said, ended } = await begin(
      ...[t, [signals, 'persistent'], 'persistent']
    )
    for (const [name, line] of [
      ['SIGINT', 'received 2\n'],
      ['SIGTERM', 'received 2\nreceived 15\n'],
      ['SIGINT', 'received 2\nreceived 15\nreceived 2\n'],
      ['SIGINT', 'received 2\nreceived 15\nreceived 2\nreceived 2\n']
    ]) {
      child.kill(name)
      await said(line)
    }
    child.kill('SIGKILL')
    assert.equal((await ended).signal, 'SIGKILL')
  })

  test(`${engine}: a second signal ends a program that ignored the first`, async (t) => {
    const { child, ended } = await begin(t, [signals, 'unpolled'], 'unpolled')
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
    test(`${engine}: ${name} ends a program that does not handle it`, async (t) => {
      const { child, ended } = await begin(
        t,
        [signals, 'limit-only'],
        'limit-only'
      )
      child.kill(name)
      const { signal, stderr } = await ended
      assert.equal(signal, name)
      assert.match(stderr, /^wasmsig: .*: ended by SIG\w+ after .* of CPU\n$/)
    })

  test(`${engine}: a second Ctrl-C ends a program that does not handle it`, async (t) => {
    const { child, ended } = await begin(
      t,
      [signals, 'limit-only'],
      'limit-only'
    )
    child.kill('SIGINT')
    await pause(250)
    assert.equal(child.exitCode ?? child.signalCode, null)
    child.kill('SIGINT')
    assert.equal((await ended).signal, 'SIGINT')
  })

  test(`${engine}: a program that compares polled numbers receives Ctrl-C`, async (t) => {
    const { child, ended } = await begin(t, [signals, 'comparing'], 'comparing')
    child.kill('SIGINT')
    const { status, stdout } = await ended
    assert.equal(stdout, 'comparing\ninterrupted\n')
    assert.equal(status, 17)
  })

  test(`${engine}: a signal with a handler does not end the program, another does`, async (t) => {
    const handled = await begin(t, [signals, 'handling'], 'handling')
    handled.child.kill('SIGTERM')
    assert.equal((await handled.ended).stdout, 'handling\nreceived 15\n')
    const other = await begin(t, [signals, 'handling'], 'handling')
    other.child.kill('SIGHUP')
    assert.equal((await other.ended).signal, 'SIGHUP')
  })

  test(`${engine}: the first signal ends a program without signal support`, async (t) => {
    const { child, ended } = await begin(t, [plain, 'spin'], 'half')
    child.kill('SIGTERM')
    const { signal, stdout, stderr } = await ended
    assert.equal(signal, 'SIGTERM')
    assert.equal(stdout, 'half a li')
    assert.match(stderr, /^wasmsig: .*: ended by SIGTERM after .* of CPU\n$/)
  })

  test(`${engine}: SIGWINCH and SIGCONT end no program`, async (t) => {
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

  test(`${engine}: --forward none forwards no signal`, async (t) => {
    const args = ['--forward', 'none', signals, 'busy']
    const { child, ended } = await begin(t, args, 'busy')
    child.kill('SIGINT')
    const { signal, stderr } = await ended
    assert.equal(signal, 'SIGINT')
    assert.equal(stderr, '')
  })

  test(`${engine}: --forward selects other signals`, async (t) => {
    const args = ['--forward', 'PROF,SIGVTALRM,40', signals, 'busy']
    const { child, ended } = await begin(t, args, 'busy')
    child.kill('SIGPROF')
    assert.equal((await ended).stdout, 'busy\nreceived 27\n')
  })

  test(`${engine}: a signal that was ignored at the start stays ignored`, async (t) => {
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
    assert.equal(output, 'busy\nreceived 15\n')
  })

  for (const name of ['SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGFPE']) {
    test(`${engine}: ${name} from kill(2) is not a fault`, async (t) => {
      for (const mode of ['busy', 'sleeping']) {
        const { child, ended } = await begin(t, [signals, mode], mode)
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

  const others = ['ABRT', 'XCPU', 'XFSZ', 'VTALRM', 'PROF', 'IO', 'PWR']
  for (const name of others.map((name) => `SIG${name}`)) {
    test(`${engine}: ${name}, which is not forwarded, is reported`, async (t) => {
      const args = ['--stats=json', signals, 'busy']
      const { child, ended } = await begin(t, args, 'busy')
      child.kill(name)
      const { signal, stderr } = await ended
      const [message, statistics] = stderr.trimEnd().split('\n')
      assert.equal(signal, name)
      assert.match(message, new RegExp(`: ended by ${name} after .* of CPU$`))
      assert.equal(JSON.parse(statistics).signal, name)
    })
  }

  test(`${engine}: the CPU limit of setrlimit is reported`, async (t) => {
    const child = spawn('sh', [
      ...['-c', 'ulimit -St 1; exec "$@"', 'sh'],
      ...[COMMAND, 'run', '--engine', engine, '--stats=json', signals, 'busy']
    ])
    t.after(() => child.kill('SIGKILL'))
    let stderr = ''
    child.stderr.on('data', (data) => (stderr += data))
    child.stdout.resume()
    const signal = await new Promise((resolve) =>
      child.on('close', (_, signal) => resolve(signal))
    )
    assert.equal(signal, 'SIGXCPU')
    assert.equal(JSON.parse(stderr.trimEnd().split('\n')[1]).ended, 'signal')
  })

  test(`${engine}: a fault signal that was ignored at the start stays ignored`, async (t) => {
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

  test(`${engine}: a closed pipe ends a program by SIGPIPE`, async (t) => {
    const running = startIn(t, engine, [signals, 'writing'])
    await running.said('writing', { where: 'stderr' })
    running.child.stdout.destroy()
    assert.equal((await running.ended).signal, 'SIGPIPE')
  })

  test(`${engine}: a closed standard error does not change the exit status`, async () => {
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

  test(`${engine}: a full standard error does not delay the end`, (t) => {
    const file = join(folder(t), 'status')
    // A full pipe, whose reader reads after two seconds.
    spawnSync('sh', [
      '-c',
      `{ head -c 65536 /dev/zero
         "$0" run --engine "$1" --cpu-hard 50ms "$2" quiet 2>&1
         echo $? >"$3"; } | { sleep 2; cp "$3" "$3.early"; }`,
      ...[COMMAND, engine, plain, file]
    ])
    assert.equal(readFileSync(`${file}.early`, 'utf8'), '152\n')
  })

  test(`${engine}: --json reports SIGPIPE`, async (t) => {
    const running = startIn(t, engine, ['--json', signals, 'writing'])
    await running.said('writing', { where: 'stderr' })
    running.child.stdout.destroy()
    const { signal, stderr } = await running.ended
    assert.equal(signal, 'SIGPIPE')
    assert.equal(JSON.parse(stderr.split('\n')[1]).signal, 'SIGPIPE')
  })

  test(`${engine}: SIGTSTP stops it, and SIGCONT continues it`, async (t) => {
    const { child, said, ended } = await begin(
      ...[t, [signals, 'persistent'], 'persistent']
    )
    child.kill('SIGTSTP')
    await pause(100)
    child.kill('SIGCONT')
    await said('received 18')
    child.kill('SIGKILL')
    await ended
  })
}
