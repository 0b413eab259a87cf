// SPDX-License-Identifier: Apache-2.0 OR MIT
import { createServer } from 'node:http'

const STATUS = { complete: 200, partial: 200, stopped: 504, failed: 502 }

/**
 * Serves GET /NAME?n=NUMBER.
 *
 * @param {(name: string, n: number) => object} answer calls the plugin; may
 *   return a promise; undefined if there is no such plugin
 */
export function serve(answer) {
  const server = createServer(async (request, response) => {
    const send = (status, body) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(`${JSON.stringify(body)}\n`)
    }
    try {
      const { pathname, searchParams } = new URL(request.url, 'http://host')
      const result = await answer(pathname.slice(1), +searchParams.get('n'))
      if (result) send(STATUS[result.status], result)
      else send(404, { status: 'unknown' })
    } catch (error) {
      send(503, { status: 'refused', reason: error.message })
    }
  })
  server.listen(process.env.PORT ?? 8080, () =>
    console.log(`listening on http://localhost:${server.address().port}`)
  )
  return server
}
