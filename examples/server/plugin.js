// SPDX-License-Identifier: Apache-2.0 OR MIT
import { readFile, readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { CpuBudget, CpuLimitError, inspect, install } from 'wasmsig'

install() // from here on, new instances can receive signals

const LIMITS = { soft: 50, hard: 100 } // ms of CPU time for each request

/** All plugins of a folder, compiled: a map from name to module. */
export async function loadPlugins(folder) {
  const plugins = new Map()
  for (const file of (await readdir(folder)).sort()) {
    if (!file.endsWith('.wasm')) continue
    const bytes = await readFile(join(folder, file))
    const { tracked, text } = inspect(bytes)
    if (!tracked) console.log(`${file} receives no signals: ${text}`)
    plugins.set(basename(file, '.wasm'), await WebAssembly.compile(bytes))
  }
  return plugins
}

/** Calls a plugin within limits. */
export function callPlugin(module, n, limits = LIMITS) {
  const budget = new CpuBudget(limits)
  try {
    const answer = budget.run(runOnce, module, n)
    return { ...answer, cpuMs: budget.used }
  } catch (error) {
    if (error instanceof CpuLimitError)
      return { status: 'stopped', cpuMs: error.used }
    return { status: 'failed', reason: error.message, cpuMs: budget.used }
  }
}

/** A new instance for each request: no plugin finds what another has left. */
function runOnce(module, n) {
  const { exports } = new WebAssembly.Instance(module)
  const result = exports.run(n)
  const isPartial = exports.isPartial?.value === 1
  return { status: isPartial ? 'partial' : 'complete', result }
}
