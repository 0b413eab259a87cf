// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Forwards signals, and does what its arguments say, one after the other. Each
 * thing that happens prints a line.
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
  /** Has a handled set, in which SIGTERM is. */
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
  /** Which ends all of Node's own signal handling too. */
  unlistenEverything() {
    process.removeAllListeners()
  },
  listeners() {
    say(`listeners ${process.listenerCount('SIGINT')}`)
  },
  /** Dies of the signal where nobody else listens, as signal-exit does. */
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
  /** Cleans up for a while, then dies of the signal. */
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
  /** Busy until it is told, which it then acknowledges. */
  busy() {
    say('busy')
    say(`told ${instance.exports.answer(1)}`)
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
  /** Takes no notice of anything: keeps the event loop from turning. */
  spin() {
    say('spinning')
    instance.exports.burn()
  },
  /** As a REPL does for a line, or whoever runs code that Ctrl-C may break. */
  breakable() {
    runInThisContext('1 + 1', { breakOnSigint: true })
  },
  /** Lets the event loop turn: a signal that has come is heard in it. */
  async idle() {
    for (let i = 0; i < 10; i += 1) await turn()
  },
  /** Stays until the parent has sent its signal, and a little longer. */
  async wait() {
    const alive = setInterval(() => {}, 1000)
    const told = new Promise((resolve) => process.once('SIGUSR2', resolve))
    say('waiting')
    await told
    clearInterval(alive)
  }
}

for (const step of process.argv.slice(2)) await STEPS[step]()
say('end')
