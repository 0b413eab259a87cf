// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The Worker that is limited: every kind of handler, each of which does what
 * its argument says. `js` and `wasm` never end; `until` ends when the guest is
 * signalled; `nothing` ends at once.
 */
import { DurableObject, WorkerEntrypoint } from 'cloudflare:workers'

import poll from './poll.wasm'

const guest = (await WebAssembly.instantiate(poll)).exports
const words = () => [...new Uint32Array(guest.memory.buffer, 60, 4)]

export const work = {
  js() {
    for (;;);
  },
  wasm() {
    guest.forever()
  },
  until: () => guest.until_signal(),
  fresh: () => new WebAssembly.Instance(poll).exports.until_signal(),
  /** The runtime reads the message. */
  describe() {
    throw {
      get message() {
        for (;;);
      }
    }
  },
  nothing: () => 0
}

const turn = () => scheduler.wait(1)

/** Of its callbacks, the first ten never end, and the others are counted. */
const callbacks = { endless: 10, ended: 0 }
const finalizers = new FinalizationRegistry(() => {
  if (callbacks.endless > 0) {
    callbacks.endless--
    for (;;);
  }
  callbacks.ended++
})

/** Does some CPU work in each of many turns, forever. */
async function turns() {
  for (;;) {
    await turn()
    for (let i = 0, at = performance.now(); i < 3e5; i++) at += i
  }
}

const body = (result, extra) =>
  Response.json({ result, words: words(), ...extra })

/** Ways to get to the work; `act` is what is done there. */
const ways = {
  first: async (act) => body(act()),
  async microtask(act) {
    await null
    return body(act())
  },
  async await(act) {
    await turn()
    return body(act())
  },
  async timer(act) {
    const { promise, resolve, reject } = Promise.withResolvers()
    setTimeout(() => {
      try {
        resolve(act())
      } catch (error) {
        reject(error)
      }
    }, 1)
    return body(await promise)
  },
  async swallowing(act) {
    try {
      act()
    } catch {
      return new Response('swallowed')
    } finally {
      globalThis.ranFinally = true
    }
  },
  async waitUntil(act, context) {
    context.waitUntil(turn().then(act))
    return body(0)
  },
  async stream(act) {
    const pull = async (controller) => {
      await turn()
      controller.enqueue(new TextEncoder().encode(String(act())))
      controller.close()
    }
    return new Response(new ReadableStream({ pull }))
  },
  async begun(act) {
    // The client has the head, and some of the body.
    const { readable, writable } = new TransformStream()
    const writer = writable.getWriter()
    writer.write(new TextEncoder().encode('begun')).then(turn).then(act)
    return new Response(readable)
  },
  async turns() {
    await turns()
  },
  async words() {
    return body(0, { ranFinally: globalThis.ranFinally ?? false })
  },
  async take() {
    return body(guest.take())
  },
  async slow() {
    await scheduler.wait(300)
    return body(0)
  },
  async hold(act) {
    // The signal comes in one turn, and is read in a later one.
    const result = act()
    await scheduler.wait(300)
    return body(result)
  },
  async tenTurns(act, context, [at]) {
    for (let i = 0; i < 10; i++) {
      await turn()
      if (i === Number(at)) act()
    }
    return body(10)
  },
  async collect() {
    for (let i = 0; i < 50; i++) finalizers.register({}, i)
    globalThis.gc()
    return body(0)
  },
  async collected() {
    return body(0, { callbacks: callbacks.ended })
  },
  async import() {
    await import('./endless.mjs')
    return body(0)
  },
  async many() {
    // Instances that come and go: the list changes all the time.
    for (;;) new WebAssembly.Instance(poll)
  }
}

const parse = (url) => {
  const { pathname } = new URL(url)
  const [, way, what = 'nothing', ...rest] = pathname.split('/')
  return { way: ways[way], act: work[what], rest }
}

function socket(act) {
  const { 0: client, 1: server } = new WebSocketPair()
  server.accept()
  server.addEventListener('message', ({ data }) => {
    server.send(String(data === 'work' ? act() : data))
  })
  return new Response(null, { status: 101, webSocket: client })
}

export default {
  async fetch(request, env, context) {
    const { way, act, rest } = parse(request.url)
    if (request.headers.get('Upgrade')) return socket(act)
    return way(act, context, rest)
  },
  async scheduled(event) {
    if (event.cron === 'await') await turn()
    work[event.cron === 'await' ? 'js' : event.cron]()
  },
  async queue(batch) {
    work[batch.messages[0].body]()
  },
  async tail(events) {
    const what = events[0]?.logs?.[0]?.message?.[0]
    work[what]?.()
  }
}

export class Methods extends WorkerEntrypoint {
  do(what) {
    return work[what]()
  }
  async doLater(what) {
    await turn()
    return work[what]()
  }
}

const COUNTING =
  'counting(n) as (select 1 union all select n + 1 from counting)'

export class Actor extends DurableObject {
  async fetch(request) {
    const { way, act } = parse(request.url)
    if (request.headers.get('Upgrade')) return socket(act)
    return way(act, this.ctx, [])
  }
  do(what) {
    return work[what]()
  }
  /** Some CPU time, less than the limit. */
  some(ms) {
    const end = Date.now()
    let turns = 0
    for (let i = 0; i < ms * 2e5; i++) turns += i % 7
    return turns + end > 0
  }
  /** Statements of SQL: of the first two, none ends. */
  select() {
    const count = `with recursive ${COUNTING} select count(*) from counting`
    return this.ctx.storage.sql.exec(count).one()
  }
  insert() {
    const { sql } = this.ctx.storage
    const all = `with recursive ${COUNTING} select n from counting`
    try {
      this.ctx.storage.transactionSync(() => {
        sql.exec(`insert into numbers ${all}`)
      })
    } catch {
      return 'caught'
    }
  }
  /** How many are stored; and one more then. */
  numbers() {
    const { sql } = this.ctx.storage
    sql.exec('create table if not exists numbers (n integer)')
    const { count } = sql.exec('select count(*) as count from numbers').one()
    sql.exec('insert into numbers values (?)', count)
    return count
  }
  async setAlarm(what) {
    await this.ctx.storage.put('what', what)
    await this.ctx.storage.setAlarm(Date.now() + 20)
  }
  async alarm() {
    const what = await this.ctx.storage.get('what')
    await this.ctx.storage.put('what', 'nothing')
    work[what]()
  }
}
