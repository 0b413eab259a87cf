#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'

require('../lib/command.js').main(process.argv.slice(2))
