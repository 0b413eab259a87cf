// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Instruments every module of the corpus and prints a table:
 *
 *   node test/real/accept.mjs [--write | --compare] [--only TEXT]
 *
 * An accepted module must be valid afterwards, for wasmparser. --write keeps the
 * results in accepted.json. --compare fails if a module is refused that
 * accepted.json has as accepted. The instrumented modules are in
 * build/real/instrumented/, each named by the SHA-256 of the original.
 *
 * WASMSIG_COMMAND is the command, build/release/wasmsig by default. WASMSIG_REAL
 * is a folder whose node_modules has the packages; they are not fetched then.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { parseArgs } from 'node:util'

import { fetchPackages, modules, sha256 } from './corpus.mjs'
import { instrument } from './instrumented.mjs'
import { buildOracle, faultOf } from './oracle.mjs'
import { tableOf, summaryOf } from './report.mjs'
import { describe } from './sections.mjs'
import { toolchainOf } from './toolchain.mjs'

const RESULTS = new URL('accepted.json', import.meta.url)
/** The reason of a refusal and of each place, without the file's name. */
const reasonIn = (stderr, file) =>
  stderr
    .replaceAll(`wasmsig: ${file}: `, '')
    .split('\n')
    .filter((line) => line !== '' && !/no such module|^hint: /.test(line))
    .join('; ')

/** "… polls, … loops, WHERE": a line of a verbose run. */
function summaryIn(stderr) {
  const [, polls, loops, placement] =
    /: (\d+) polls?, (\d+) loops?, (.*)$/m.exec(stderr)
  return { polls: Number(polls), loops: Number(loops), placement }
}

/** Instruments one module. */
function tried(module) {
  const { file, status, signal, stderr, seconds } = instrument(module)
  const row = {
    package: module.package,
    version: module.version,
    path: module.path,
    size: module.bytes.length,
    hash: module.hash,
    toolchain: toolchainOf(describe(module.bytes)),
    seconds
  }
  if (status !== 0) {
    const reason = signal ?? reasonIn(stderr, module.file)
    return { ...row, isAccepted: false, reason }
  }
  const made = readFileSync(file)
  return {
    ...row,
    isAccepted: true,
    ...summaryIn(stderr),
    ratio: made.length / module.bytes.length,
    fault: faultOf(made, module.bytes),
    made: sha256(made)
  }
}

const { values: options } = parseArgs({
  options: {
    write: { type: 'boolean' },
    compare: { type: 'boolean' },
    only: { type: 'string', default: '' }
  }
})

fetchPackages()
buildOracle()
const rows = []
for (const module of modules()) {
  if (!`${module.package} ${module.path}`.includes(options.only)) continue
  rows.push(tried(module))
  if (process.stderr.isTTY) process.stderr.write(`\r${rows.length}`)
}
console.log(tableOf(rows))
console.log(summaryOf(rows))

const invalid = rows.filter(({ fault }) => fault)
for (const { path, fault } of invalid)
  console.error(`not valid: ${path}: ${fault}`)
let failed = invalid.length > 0

if (options.compare) {
  const before = JSON.parse(readFileSync(RESULTS, 'utf8'))
  const accepted = new Set(
    rows.filter(({ isAccepted }) => isAccepted).map(({ hash }) => hash)
  )
  for (const { hash, package: name, path, isAccepted } of before) {
    if (!isAccepted || accepted.has(hash)) continue
    console.error(`refused, was accepted: ${name} ${path}`)
    failed = true
  }
}

if (options.write) {
  const kept = ['package', 'version', 'path', 'hash', 'toolchain']
  const stable = rows.map((row) => ({
    ...Object.fromEntries(kept.map((name) => [name, row[name]])),
    isAccepted: row.isAccepted,
    ...(row.isAccepted
      ? { placement: row.placement, ratio: Number(row.ratio.toFixed(2)) }
      : { reason: row.reason })
  }))
  writeFileSync(RESULTS, `${JSON.stringify(stable, null, 2)}\n`)
}
process.exitCode = failed ? 1 : 0
