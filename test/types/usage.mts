// SPDX-License-Identifier: Apache-2.0 OR MIT
// Compiled, never run: the types accept what is documented, and no more.
import { metrics, type Meter } from '@opentelemetry/api'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { Registry, register } from 'prom-client'
import {
  kill as killById,
  CpuBudget,
  CpuLimitError,
  SIGNALS,
  capabilities,
  clear,
  forward,
  inspect,
  install,
  limitCpu,
  raise,
  stats,
  terminate,
  track,
  uninstall,
  type ModuleReport,
  type SignalName,
  type Tracking
} from 'wasmsig'
import { registerOpenTelemetry, registerPrometheus } from 'wasmsig/metrics'
import 'wasmsig/instrument'
import 'wasmsig/register'

declare const instance: WebAssembly.Instance

const installed: boolean = install() && uninstall({ realm: globalThis })
const number: number = SIGNALS.SIGXCPU
const name: SignalName = 'SIGINT'
// @ts-expect-error numbers cannot be changed
SIGNALS.SIGXCPU = 1
// @ts-expect-error there is no such signal
raise('SIGFOO')

const budget = new CpuBudget({ soft: 1.5, hard: 2, instances: [instance] })
const sum: number = budget.run((a: number, b: number) => a + b, 1, 2)
// @ts-expect-error an argument is missing
budget.run((a: number, b: number) => a + b, 1)
budget.reset({ hard: 3 }).reset()
// @ts-expect-error no limit at all must be asked for
new CpuBudget({})
// @ts-expect-error there is no such limit
new CpuBudget({ soft: 10, hardd: 50 })
// @ts-expect-error nor this one
new CpuBudget({ timeout: 50 })
const measure = new CpuBudget({ measure: true })
new CpuBudget({ hard: 50, name: 'tenant-7' }).reset({ name: 'tenant-8' })
// @ts-expect-error a name is no limit
new CpuBudget({ name: 'tenant-7' })
budget.run(() => {
  throw new Error()
})
// @ts-expect-error what it awaits would not be limited
budget.run(async () => 1)
// @ts-expect-error the same
budget.bind(async () => 1)
// @ts-expect-error the same
limitCpu(async () => 1, { hard: 10 })
const untyped: any = measure.run((() => 1) as () => any)
// @ts-expect-error the instances stay
budget.reset({ instances: [] })
// @ts-expect-error a budget says what it has used
budget.used = 0
const state: 'ready' | 'running' | 'signalled' | 'killed' = budget.state

const limited: (text: string) => number = limitCpu(
  (text: string) => text.length,
  { hard: 10, signal: 'SIGTERM' }
)
const counts: number[] = [
  raise(name),
  raise(24, instance),
  raise(2, [instance]),
  raise(2, 'realm'),
  clear('process'),
  terminate([instance])
]
// @ts-expect-error not a target
raise(2, 'worker')
// @ts-expect-error for good: no default target
terminate()
new CpuBudget({ hard: 5, instances: [instance], terminate: true })

const forwarding = forward(['SIGINT'], { insist: 2 })
forwarding.stop()

const words = new Int32Array(new SharedArrayBuffer(8))
const tracking: Tracking = track({ signal: words, terminated: words })
const taken: number | undefined = tracking.interruptBuffer?.[0]
const forPyodide = tracking.interruptBuffer as Uint8Array
tracking.untrack()
// @ts-expect-error floats are no words
track({ signal: new Float32Array(1) })
// @ts-expect-error a buffer is no array
track({ signal: words.buffer })

const report: ModuleReport = inspect(new Uint8Array(8))
const why: string | undefined = report.reason ?? report.memory?.from
const sentence: string | undefined = report.text
const at: number | bigint | undefined = report.addresses?.__instance_signal
// @ts-expect-error there is no such word
report.addresses?.__instance_foo
const pages: number | undefined = report.memory?.maximum
const wide: boolean = report.memory?.addressType === 'i64'

registerPrometheus(register)
registerPrometheus(new Registry())
registerPrometheus().unregister()
registerOpenTelemetry(new MeterProvider())
registerOpenTelemetry(metrics)
const meter: Meter = metrics.getMeter('own')
registerOpenTelemetry(meter).unregister()
// @ts-expect-error a Meter is no registry
registerPrometheus(meter)
// @ts-expect-error a registry is no Meter
registerOpenTelemetry(register)

const error = new CpuLimitError(1, 2)
const code: 'ERR_WASMSIG_CPU_LIMIT' = error.code
const kill: 'engine' | 'word' = capabilities.hardKill
const supported: boolean = capabilities.supported
const tracked: number = stats().tracked.FIXED + (stats().untracked.overlap ?? 0)
const [{ name: budgetName, cpu, kills, lateness }] = stats().budgets
const late: number = cpu + kills.wall + lateness.counts[0]

export {
  at,
  code,
  counts,
  forPyodide,
  installed,
  kill,
  late,
  limited,
  budgetName,
  supported,
  number,
  pages,
  sentence,
  state,
  sum,
  taken,
  tracked,
  why,
  wide
}

const walled = new CpuBudget({ wall: 50 })
new CpuBudget({ signal: new AbortController().signal })
walled.kill()
const known: boolean = killById(walled.id)
// @ts-expect-error: an id is a number
killById('1')
const reason: 'hard' | 'wall' | 'kill' = error.reason
console.log(known, reason)
