// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The page of a registry, after a call with a name. */
import { Registry } from 'prom-client'
import { CpuBudget } from 'wasmsig'
import { registerPrometheus } from 'wasmsig/metrics'

const register = new Registry()
registerPrometheus(register)
new CpuBudget({ measure: true, name: 'tenant-7' }).run(() => {})
process.stdout.write(await register.metrics())
