// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * record.mjs JOB FILE: loads the package of jobs/NAME.mjs, does the job twice,
 * and writes the trace of the instance that ran longest in the second to FILE.
 * Prints as JSON the SHA-256 of its module, or why it cannot be recorded.
 */
import { createHash } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import process from 'node:process'

import { HostFunctions } from './host-functions.mjs'
import { Trace, hostFunctions, watchTables } from './recorder.mjs'

const [, , job, file] = process.argv
const SMALLEST = 1024

const { Module, Instance } = WebAssembly
const compiledFrom = new WeakMap()
const recorded = []
let isJob = false

const bytesOf = (source) =>
  ArrayBuffer.isView(source)
    ? new Uint8Array(
        source.buffer,
        source.byteOffset,
        source.byteLength
      ).slice()
    : new Uint8Array(source).slice()

function compiled(source, ...rest) {
  const bytes = bytesOf(source)
  const module = new Module(bytes, ...rest)
  compiledFrom.set(module, bytes)
  return module
}

function instantiated(module, imports) {
  const bytes = compiledFrom.get(module)
  if (HostFunctions.isModuleOfOne(bytes, imports))
    return hostFunctions.instantiate(module, bytes, imports)
  if (bytes.length < SMALLEST) return new Instance(module, imports)
  const trace = new Trace(module, imports)
  recorded.push({ trace, bytes })
  if (isJob) trace.beginJob()
  return trace.instantiate(module)
}

const streamed = async (source) => (await source).arrayBuffer()

WebAssembly.compile = async (source, ...rest) => compiled(source, ...rest)
WebAssembly.compileStreaming = async (source, ...rest) =>
  compiled(await streamed(source), ...rest)
WebAssembly.instantiate = async (source, imports, ...rest) => {
  if (source instanceof Module) return instantiated(source, imports)
  const module = compiled(source, ...rest)
  return { module, instance: instantiated(module, imports) }
}
WebAssembly.instantiateStreaming = async (source, ...rest) =>
  WebAssembly.instantiate(await streamed(source), ...rest)
WebAssembly.Module = new Proxy(Module, {
  construct: (_, args) => compiled(...args)
})
WebAssembly.Instance = new Proxy(Instance, {
  construct: (_, [module, imports]) => instantiated(module, imports)
})
watchTables()

const { start } = await import(`../jobs/${job}.mjs`)
const again = await start()
await again()
for (const { trace } of recorded) trace.beginJob()
isJob = true
await again()
for (const { trace } of recorded) trace.end()

const { trace, bytes } = recorded.sort(
  (a, b) => b.trace.milliseconds - a.trace.milliseconds
)[0]
if (trace.fault === null) {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, trace.bytes)
}
const hash = createHash('sha256').update(bytes).digest('hex')
const { events, fault } = trace
console.log(JSON.stringify({ hash, events, fault, length: trace.bytes.length }))
process.exit()
