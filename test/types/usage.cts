// SPDX-License-Identifier: Apache-2.0 OR MIT
// Compiled, never run: the same types by require.
import wasmsig = require('wasmsig')
import metrics = require('wasmsig/metrics')

const budget: wasmsig.CpuBudget = new wasmsig.CpuBudget({ soft: 1 })
export const used: number = budget.used
metrics.registerPrometheus().unregister()
