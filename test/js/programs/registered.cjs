// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A CommonJS program under the shim that --import or --require installed. */
const { Instance, Module } = WebAssembly
const { install, raise } = require('wasmsig')

import('../support/guests.mjs').then(({ guest }) => {
  const instance = new Instance(new Module(guest()))
  const received = raise('SIGINT', instance)
  console.log(JSON.stringify({ received, installs: install() }))
})
