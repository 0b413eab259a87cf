// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Runs registered.mjs in a worker thread. */
import { Worker } from 'node:worker_threads'

new Worker(new URL('./registered.mjs', import.meta.url))
