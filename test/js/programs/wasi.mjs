// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Runs a WASI program with the host's own loader, inside a budget. */
import { readFile } from 'node:fs/promises'
import { WASI } from 'node:wasi'
import { CpuBudget, install, stats } from 'wasmsig'

const [file, way, mode] = process.argv.slice(2)
const shimmed = mode !== 'plain'
if (shimmed) install()

const bytes = await readFile(file)
const options = { version: 'preview1', returnOnExit: true }
const args = ['guest', shimmed ? '2000000000' : '1000']
const wasi = new WASI({ ...options, args })
const imports = wasi.getImportObject?.() ?? {
  wasi_snapshot_preview1: wasi.wasiImport
}

const WAYS = {
  instantiate: async () =>
    (await WebAssembly.instantiate(bytes, imports)).instance,
  Instance: () =>
    new WebAssembly.Instance(new WebAssembly.Module(bytes), imports)
}
const instance = await WAYS[way]()
const budget = new CpuBudget({ soft: 20, hard: 10_000 })
const status = budget.run(() => wasi.start(instance))
console.log(JSON.stringify({ status, untracked: stats().untracked }))
