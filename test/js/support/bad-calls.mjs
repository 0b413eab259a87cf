// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Every call of the package with a value of any kind: one argument each. */
import {
  CpuBudget,
  CpuLimitError,
  clear,
  forward,
  inspect,
  install,
  limitCpu,
  raise,
  stats,
  terminate,
  track,
  uninstall
} from 'wasmsig'

const { prototype } = CpuBudget
const getter = (name) => Object.getOwnPropertyDescriptor(prototype, name).get
const budget = () => new CpuBudget({ soft: 1000, hard: 2000 })
const five = () => 5
const later = () => Promise.resolve(5)

export const CALLS = {
  'install(x)': (x) => install(x),
  'install({ realm: x })': (x) => install({ realm: x }),
  'uninstall(x)': (x) => uninstall(x),
  'uninstall({ realm: x })': (x) => uninstall({ realm: x }),
  'new CpuBudget(x)': (x) => new CpuBudget(x),
  'new CpuBudget({ soft: x })': (x) => new CpuBudget({ soft: x }),
  'new CpuBudget({ hard: x })': (x) => new CpuBudget({ hard: x }),
  'new CpuBudget({ signal: x })': (x) => new CpuBudget({ hard: 5, signal: x }),
  'new CpuBudget({ instances: x })': (x) =>
    new CpuBudget({ soft: 5, instances: x }),
  'new CpuBudget({ instances: [x] })': (x) =>
    new CpuBudget({ soft: 5, instances: [x] }),
  'new CpuBudget({ onUnsafe: x })': (x) =>
    new CpuBudget({ hard: 5, onUnsafe: x }),
  'new CpuBudget({ grace: x })': (x) => new CpuBudget({ hard: 5, grace: x }),
  'new CpuBudget({ name: x })': (x) => new CpuBudget({ hard: 5, name: x }),
  'new CpuBudget({ measure: x })': (x) => new CpuBudget({ measure: x }),
  'new CpuBudget({ terminate: x })': (x) =>
    new CpuBudget({ hard: 5, instances: [], terminate: x }),
  'CpuBudget(x)': (x) => CpuBudget(x),
  'run(x)': (x) => budget().run(x),
  'run(f, x)': (x) => budget().run(five, x),
  'runAsync(x)': (x) => budget().runAsync(x),
  'runAsync(() => x)': (x) => budget().runAsync(() => x),
  'bind(x)': (x) => budget().bind(x),
  'bind(f).call(x)': (x) => budget().bind(five).call(x),
  'reset(x)': (x) => budget().reset(x),
  'reset({ soft: x })': (x) => budget().reset({ soft: x }),
  'reset({ hard: x })': (x) => budget().reset({ hard: x }),
  'reset({ signal: x })': (x) => budget().reset({ signal: x }),
  'reset({ instances: x })': (x) => budget().reset({ instances: x }),
  'run of x': (x) => prototype.run.call(x, five),
  'runAsync of x': (x) => prototype.runAsync.call(x, later),
  'bind of x': (x) => prototype.bind.call(x, five),
  'reset of x': (x) => prototype.reset.call(x),
  'used of x': (x) => getter('used').call(x),
  'state of x': (x) => getter('state').call(x),
  'limitCpu(x, { measure: true })': (x) => limitCpu(x, { measure: true }),
  'limitCpu(f, x)': (x) => limitCpu(five, x),
  'limitCpu(f, { measure: true }).call(x)': (x) =>
    limitCpu(five, { measure: true }).call(x),
  'raise(x)': (x) => raise(x),
  "raise('SIGINT', x)": (x) => raise('SIGINT', x),
  "raise('SIGINT', [x])": (x) => raise('SIGINT', [x]),
  'clear(x)': (x) => clear(x),
  'clear([x])': (x) => clear([x]),
  'terminate(x)': (x) => terminate(x),
  'forward(x)': (x) => forward(x).stop(),
  'forward([x])': (x) => forward([x]).stop(),
  "forward(['SIGUSR2'], x)": (x) => forward(['SIGUSR2'], x).stop(),
  "forward(['SIGUSR2'], { insist: x })": (x) =>
    forward(['SIGUSR2'], { insist: x }).stop(),
  'track(x)': (x) => track(x).untrack(),
  'track({ signal: x })': (x) => track({ signal: x }).untrack(),
  'track({ terminated: x })': (x) => track({ terminated: x }).untrack(),
  'inspect(x)': (x) => inspect(x),
  'stats(x)': (x) => stats(x),
  'new CpuLimitError(x, 1)': (x) => new CpuLimitError(x, 1),
  'new CpuLimitError(1, x)': (x) => new CpuLimitError(1, x)
}
