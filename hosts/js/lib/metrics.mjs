// SPDX-License-Identifier: Apache-2.0 OR MIT
// The same functions for ES modules.
import metrics from './metrics.js'

export const { registerOpenTelemetry, registerPrometheus } = metrics
