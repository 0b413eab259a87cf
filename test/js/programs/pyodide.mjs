// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Python in Pyodide, whose interrupt buffer is tracked. Each step prints a line
 * of JSON: its name and its result.
 */
import { loadPyodide } from 'pyodide'
import { CpuBudget, capabilities, forward, raise, track } from 'wasmsig'

const PROGRAM = `
import signal, sys

class Received(Exception):
    pass

def on_signal(number, frame):
    raise Received(number)

signal.signal(signal.SIGXCPU, on_signal)

def loop(begin=lambda: None):
    try:
        begin()
        while True:
            pass
    except Received as error:
        return f"received {error.args[0]}"
    except KeyboardInterrupt:
        return "interrupted"

def first_signal():
    numbers = []
    before = signal.signal(signal.SIGXCPU, lambda n, frame: numbers.append(n))
    while not numbers:
        pass
    signal.signal(signal.SIGXCPU, before)
    return numbers[0]

def frames():
    count, frame = 0, sys._getframe()
    while frame:
        count, frame = count + 1, frame.f_back
    return count

def endless():
    while True:
        pass
`

const python = await loadPyodide()
const words = new Int32Array(new SharedArrayBuffer(4)).fill(-1)
const tracking = track({ signal: words })
python.setInterruptBuffer(tracking.interruptBuffer)
python.runPython(PROGRAM)

function step(name, action) {
  let came
  try {
    came = action()
  } catch (error) {
    came = error.code ?? error.type ?? error.name
  }
  console.log(JSON.stringify([name, came, words[0]]))
}

const call = (name, ...args) => python.globals.get(name)(...args)
const soft = { soft: 50, hard: 10_000 }
step('handler', () => new CpuBudget(soft).run(call, 'loop'))
step('goes on', () => new CpuBudget(soft).run(call, 'first_signal'))
raise('SIGINT')
step('pending', () => python.runPython('1 + 1'))
step('afterwards', () => python.runPython('1 + 1'))

const forwarding = forward(['SIGINT'])
const busy = () => console.log('busy') // from inside Python's try
step('forwarded', () => call('loop', busy))
forwarding.stop()

if (capabilities.hardKill === 'engine') {
  step('frames', () => call('frames'))
  for (const time of ['first', 'second']) {
    const budget = new CpuBudget({ hard: 50 })
    step(`${time} kill`, () => budget.run(call, 'endless'))
    step(`after the ${time}`, () => python.runPython('sum(range(1000))'))
  }
  step('frames afterwards', () => call('frames'))
  step('received again', () => new CpuBudget(soft).run(call, 'loop'))
}
tracking.untrack()
step('untracked', () => raise('SIGINT'))
process.exit(0) // Pyodide may keep the event loop alive
