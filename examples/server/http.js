// SPDX-License-Identifier: Apache-2.0 OR MIT
import { createServer } from 'node:http'

const CODES = { complete: 200, partial: 200, stopped: 504, failed: 502 }

/** The status of HTTP for an answer. A refusal brings its own. */
export const codeOf = ({ status, code }) => CODES[status] ?? code ?? 503

/**
 * Serves GET /NAME?n=NUMBER, and some pages.
 *
 * @param {(name: string, n: number) => object} answer calls the plugin; may
 *   return a promise; undefined if there is no such plugin
 * @param pages from a path to a function that returns { code, type, text }
 */
export function serve(answer, pages = {}) {
  const server = createServer(async (request, response) => {
    const send = (code, type, text, headers) => {
      if (!server.listening) response.shouldKeepAlive = false // it is closing
      response.writeHead(code, { 'content-type': type, ...headers })
      response.end(text)
    }
    const sendResult = ({ code, retryAfter, ...body }) => {
      const headers = retryAfter && { 'retry-after': retryAfter }
      const text = `${JSON.stringify(body)}\n`
      send(codeOf({ ...body, code }), 'application/json', text, headers)
    }
    try {
      const { pathname, searchParams } = new URL(request.url, 'http://host')
      if (Object.hasOwn(pages, pathname)) {
        const { code = 200, type, text } = await pages[pathname]()
        return send(code, type, text)
      }
      const result = await answer(pathname.slice(1), +searchParams.get('n'))
      sendResult(result ?? { status: 'unknown', code: 404 })
    } catch (error) {
      sendResult({ status: 'refused', reason: error.message })
    }
  })
  server.listen(process.env.PORT ?? 8080, () =>
    console.log(`listening on http://localhost:${server.address().port}`)
  )
  return server
}
