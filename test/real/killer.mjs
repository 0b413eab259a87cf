// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A thread that stores SIGKILL into all signal words of the process. */
import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort } from 'node:worker_threads'

import { raise } from '../../hosts/js/lib/index.mjs'

parentPort.postMessage('ready')
for (;;) {
  await sleep(20)
  raise('SIGKILL', 'process')
}
