// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Uses the shim that --import or --require has installed, or has not. */
import { captured } from './captures.mjs'
import { install, raise } from 'wasmsig'
import { guest } from '../support/guests.mjs'

const { instance } = await captured.instantiate(guest())
const received = raise('SIGINT', instance)
console.log(JSON.stringify({ received, installs: install() }))
