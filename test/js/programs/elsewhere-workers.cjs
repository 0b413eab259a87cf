// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
/** Loads the package in this thread first, and then in two workers. */
require('wasmsig')
const { Worker } = require('node:worker_threads')

const program = "console.log(require('wasmsig').capabilities.supported)"
for (let i = 0; i < 2; i += 1) new Worker(program, { eval: true })
