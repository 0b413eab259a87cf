// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Node's fetch() has a module of its own, which parses HTTP. */
import { once } from 'node:events'
import { createServer } from 'node:http'

const server = createServer((_, response) => response.end('fetched')).listen()
await once(server, 'listening')
const response = await fetch(`http://localhost:${server.address().port}`)
console.log(await response.text())
server.close()
