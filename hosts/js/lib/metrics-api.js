// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// What wasmsig/metrics exports; types/metrics.d.ts is the manual.

const { registerOpenTelemetry } = require('./open-telemetry.js')
const { registerPrometheus } = require('./prometheus.js')

module.exports = { registerOpenTelemetry, registerPrometheus }
