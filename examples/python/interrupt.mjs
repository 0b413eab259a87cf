// SPDX-License-Identifier: Apache-2.0 OR MIT
/*
 * Python in Pyodide: a soft limit and Ctrl-C are signals for its handlers, and a
 * hard limit ends a script that ignores them.
 */
import { loadPyodide } from 'pyodide'
import { CpuBudget, CpuLimitError, forward, track } from 'wasmsig'

const LIMITS = { soft: 200, hard: 1000 } // ms of CPU time

const python = await loadPyodide()
const words = track({ signal: new Int32Array(new SharedArrayBuffer(4)) })
python.setInterruptBuffer(words.interruptBuffer)

python.runPython(`
import signal

class OutOfTime(Exception):
    pass

def out_of_time(number, frame):
    raise OutOfTime()

signal.signal(signal.SIGXCPU, out_of_time)

def count(numbers):
    while True:
        numbers.append(len(numbers))

def answers():
    numbers = []
    try:
        count(numbers)
    except OutOfTime:
        pass
    return f"{len(numbers) > 1000=}"

def ignores():
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    while True:
        pass

def waits_for_ctrl_c():
    print("computing")
    try:
        while True:
            pass
    except KeyboardInterrupt:
        return "KeyboardInterrupt"
`)

function run(name, limits = LIMITS) {
  const budget = new CpuBudget(limits)
  const call = python.globals.get(name)
  try {
    return `${budget.run(call)}, ${budget.state}`
  } catch (error) {
    if (!(error instanceof CpuLimitError)) throw error
    return budget.state
  }
}

console.log(`answers: ${run('answers')}`)
const forwarding = forward(['SIGINT'])
console.log(`Ctrl-C: ${run('waits_for_ctrl_c', { hard: 60_000 })}`)
forwarding.stop()
console.log(`ignores: ${run('ignores')}`)
process.exit() // Pyodide may keep the event loop alive
