// SPDX-License-Identifier: Apache-2.0 OR MIT
// What inspect reports of a guest's bytes, and of the module.
import { inspect } from 'wasmsig'
import { guest } from '../support/guests.mjs'

const bytes = guest()
const reports = [inspect(bytes), inspect(new WebAssembly.Module(bytes))]
console.log(JSON.stringify(reports))
