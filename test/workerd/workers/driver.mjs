// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * What the tests talk to: it calls the subject's handlers by bindings and
 * answers with what came of it.
 */
const actor = (env, name) => env.actors.get(env.actors.idFromName(name))

const answers = {
  fetch: async (env, url) => {
    const response = await env.subject.fetch(`http://subject${url}`)
    return { status: response.status, text: await response.text() }
  },
  actor: async (env, url) => {
    const response = await actor(env, 'fetch').fetch(`http://subject${url}`)
    return { status: response.status, text: await response.text() }
  },
  scheduled: (env, [, cron]) => env.subject.scheduled({ cron }),
  queue: (env, [, body]) =>
    env.subject.queue('queue', [
      { id: '1', timestamp: new Date(), attempts: 1, body }
    ]),
  rpc: (env, [, what]) => env.methods.do(what),
  rpcLater: (env, [, what]) => env.methods.doLater(what),
  actorRpc: (env, [, what]) => actor(env, 'rpc').do(what),
  actorSome: async (env, [, ms, times]) => {
    for (let i = 0; i < Number(times); i++) {
      await actor(env, 'some').some(Number(ms))
    }
    return 'done'
  },
  actorSql: (env, [, what]) => actor(env, 'sql')[what](),
  alarm: (env, [, what]) => actor(env, 'alarm').setAlarm(what),
  tailed: async (env, [, what]) => {
    const response = await env.tailed.fetch(`http://tailed/${what}`)
    return response.text()
  },
  events: async (env) => (await env.tail.fetch('http://tail/')).json(),
  websocket: (env, url) => overSocket(env.subject, url),
  actorWebsocket: (env, url) => overSocket(actor(env, 'socket'), url)
}

/** One message before the work, then the work; all that came back. */
async function overSocket(target, url) {
  const headers = { Upgrade: 'websocket' }
  const response = await target.fetch(`http://subject${url}`, { headers })
  const socket = response.webSocket
  const received = []
  socket.accept()
  const ended = new Promise((resolve) => {
    socket.addEventListener('close', () => resolve('close'))
    socket.addEventListener('error', () => resolve('error'))
    socket.addEventListener('message', ({ data }) => {
      received.push(data)
      if (received.length === 2) resolve('answered')
    })
  })
  socket.send('before')
  socket.send('work')
  return { received, ended: await ended }
}

/** The error of the callee is that of this request, too. */
const uncaught = (env, [whom, ...rest]) => {
  const target = whom === 'actors' ? actor(env, 'uncaught') : env.subject
  return target.fetch(`http://subject/${rest.join('/')}`)
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url)
    const [, how, ...rest] = pathname.split('/')
    const url = `/${rest.join('/')}`
    if (how === 'uncaught') return uncaught(env, rest)
    try {
      const answer = answers[how]
      const given = answer.length > 1 && /fetch|actor$|[sS]ocket/.test(how)
      const result = await answer(env, given ? url : [null, ...rest])
      return Response.json({ result: result ?? null })
    } catch (error) {
      return Response.json({ error: String(error) })
    }
  }
}
