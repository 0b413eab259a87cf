// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Forwards signals, and runs the steps that its arguments name, one after the
 * other. Each event prints a line.
 */
import { setImmediate as turn } from 'node:timers/promises'
import { runInThisContext } from 'node:vm'
import { forward, install } from 'wasmsig'
import { instantiate, read, write } from '../support/guests.mjs'

install()

const say = (text) => console.log(text)
const listener = (name) => say(`listener ${name}`)
let instance
let forwarding

const STEPS = {
  guest() {
    instance = instantiate()
  },
  /** Has a handled set that contains SIGTERM. */
  handling() {
    instance = instantiate({ words: ['signal', 'handled'] })
    write(instance, 'handled', 1n << 14n)
  },
  silent() {
    instance = instantiate({ words: ['terminated'] })
  },
  plain() {
    instance = instantiate({ words: [] })
  },
  dead() {
    instance = instantiate({ words: ['signal', 'terminated'], dead: true })
  },
  forward() {
    forwarding = forward(['SIGINT'])
  },
  forwardTwo() {
    forwarding = forward(new Set(['SIGTERM', 'SIGINT']))
  },
  forwardHarmless() {
    forwarding = forward(['SIGWINCH', 'SIGCHLD', 'SIGURG', 'SIGCONT'])
  },
  stop() {
    forwarding.stop()
  },
  dispose() {
    forwarding[Symbol.dispose]()
  },
  listen() {
    process.on('SIGINT', listener)
  },
  once() {
    process.once('SIGINT', listener)
  },
  unlisten() {
    process.removeListener('SIGINT', listener)
  },
  unlistenAll() {
    process.removeAllListeners('SIGINT')
  },
  /** This ends all of Node's own signal handling too. */
  unlistenEverything() {
    process.removeAllListeners()
  },
  listeners() {
    say(`listeners ${process.listenerCount('SIGINT')}`)
  },
  /** Ends by the signal if it is the only listener, as signal-exit does. */
  leaver() {
    const leave = (name) => {
      if (process.listeners('SIGINT').length > 1) return
      process.off('SIGINT', leave)
      say('leaving')
      process.kill(process.pid, name)
      say('still here')
    }
    process.on('SIGINT', leave)
  },
  /** Cleans up for a while, then ends by the signal. */
  lateLeaver() {
    process.once('SIGINT', async (name) => {
      for (let i = 0; i < 5; i += 1) await turn()
      say('leaving')
      process.kill(process.pid, name)
      say('still here')
    })
  },
  sendItself() {
    process.kill(process.pid, 'SIGINT')
  },
  /** Busy until it receives a signal, which it acknowledges. */
  busy() {
    say('busy')
    say(`received ${instance.exports.answer(1)}`)
  },
  read() {
    say(`word ${read(instance, 'signal')}`)
  },
  /** Acknowledges, as a guest does. */
  take() {
    say(`took ${read(instance, 'signal')}`)
    write(instance, 'signal', 0)
  },
  forwardTerm() {
    forwarding = forward(['SIGTERM'])
  },
  forwardHup() {
    forwarding = forward(['SIGHUP'])
  },
  insistOnOne() {
    forwarding = forward(['SIGINT'], { insist: 1 })
  },
  /** Ignores all signals, and blocks the event loop. */
  spin() {
    say('spinning')
    instance.exports.burn()
  },
  /** As a REPL does for a line, or a program for code that Ctrl-C can break. */
  breakable() {
    runInThisContext('1 + 1', { breakOnSigint: true })
  },
  /** Lets the event loop run: listeners receive a signal that has arrived. */
  async idle() {
    for (let i = 0; i < 10; i += 1) await turn()
  },
  /** Waits until the parent has sent its signal, and a little longer. */
  async wait() {
    const alive = setInterval(() => {}, 1000)
    const arrived = new Promise((resolve) => process.once('SIGUSR2', resolve))
    say('waiting')
    await arrived
    clearInterval(alive)
  }
}

for (const step of process.argv.slice(2)) await STEPS[step]()
say('end')
