// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Ways to load the package, and a complete program. */

const REGISTER = {
  node: ['--import', 'wasmsig/register'],
  deno: ['--preload', 'npm:wasmsig/register'],
  bun: ['--preload', 'wasmsig/register']
}

export const START = [
  {
    promise: 'wasmsig/register installs the shim before the program runs',
    bare: true,
    flags: REGISTER,
    run({ instance, same, wasmsig }) {
      same(
        'the number of signalled instances',
        wasmsig.raise('SIGINT', instance('signal')),
        1
      )
      same('whether install() did anything', wasmsig.install(), false)
    }
  },
  {
    promise: 'require() and import give the same objects',
    run({ check, require, wasmsig }) {
      const common = require('wasmsig')
      for (const name of ['CpuBudget', 'CpuLimitError', 'raise', 'stats']) {
        check(common[name] === wasmsig[name], `there are two of ${name}`)
      }
    }
  },
  {
    promise: 'install({ realm }) works in another realm, of node:vm',
    run({ bytes, require, same, wasmsig }) {
      const vm = require('node:vm')
      const realm = vm.runInNewContext('globalThis')
      const Plain = realm.WebAssembly.Instance
      same('install', wasmsig.install({ realm }), true)
      const { Instance, Module } = realm.WebAssembly
      const made = new Instance(new Module(bytes('signal')))
      same(
        'the number of signalled instances',
        wasmsig.raise('SIGINT', made),
        1
      )
      same('uninstall', wasmsig.uninstall({ realm }), true)
      const back = realm.WebAssembly.Instance === Plain
      same("whether the realm's own function is restored", back, true)
    }
  },
  {
    promise: 'with WASMSIG=off, limits and signals have no effect',
    bare: true,
    env: { WASMSIG: 'off' },
    run({ cpuClock, instance, read, same, wasmsig }) {
      const { Instance, instantiate } = WebAssembly
      wasmsig.install()
      const plain =
        WebAssembly.Instance === Instance &&
        WebAssembly.instantiate === instantiate
      same("whether the engine's own functions are in place", plain, true)
      const made = instance('signal')
      same('the signal word', read(made, 'signal'), 0xffff)
      same('the number of signalled instances', wasmsig.raise('SIGINT'), 0)
      const spend = () => {
        const start = cpuClock()
        while (cpuClock() < start + 50);
        return 7
      }
      const limited = wasmsig.limitCpu(spend, { hard: 5 })
      same('the result of a limited call', limited(), 7)
      wasmsig.forward(['SIGINT']).stop()
    }
  },
  {
    promise: 'WASMSIG_FIRING=watchdog uses no timers and signals',
    env: { WASMSIG_FIRING: 'watchdog' },
    run({ caught, instance, same, wasmsig }) {
      const { obey, spin } = instance('signal').exports
      same('the mechanism', wasmsig.stats().firing, 'watchdog')
      const signal = new wasmsig.CpuBudget({ soft: 20 }).run(spin)
      same('the signal that the guest received', signal, 24)
      const budget = new wasmsig.CpuBudget({ hard: 20 })
      const error = caught(() => budget.run(obey))
      same('the code', error?.code, 'ERR_WASMSIG_CPU_LIMIT')
    }
  }
]

export const EXAMPLE = [
  {
    promise: 'the example that computes pi completes all steps',
    program: 'pi',
    judge({ status, stdout, stderr }, { check }) {
      const [complaint] = stderr.trim().split('\n').slice(-1)
      check(status === 0, complaint.replace(/[\d.]+ ms/g, 'some ms'))
      const steps = Object.keys(JSON.parse(stdout)).join()
      check(steps === 'signalled,stopped,Ctrl-C', `its steps are ${steps}`)
    }
  }
]
