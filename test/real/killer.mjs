// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * A thread that stores SIGKILL into all signal words of the process, again and
 * again, once it is told to begin.
 */
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort } from 'node:worker_threads'

import { raise } from '../../hosts/js/lib/index.mjs'

parentPort.postMessage('ready')
await once(parentPort, 'message')
for (;;) {
  await sleep(20)
  raise('SIGKILL', 'process')
}
