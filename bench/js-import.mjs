// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * How long it takes to load the package, beside an empty module.
 *
 *     node bench/js-import.mjs [--rounds N]
 *
 * A sample is the time of one `import()` or `require` in a process of its own,
 * by its own clock, without the start of Node. Processes alternate, and so does
 * the first of each pair.
 *
 * Prints a JSON line for each sample; report.mjs makes statistics of them.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const USAGE = `usage: node bench/js-import.mjs [--rounds N]
  --rounds N    samples of each row, 40 by default
  --help        this text`

const HERE = fileURLToPath(new URL('.', import.meta.url))
const WARM_UP_ROUNDS = 2 // until the files are in the page cache

const timed = (load) => `
  const start = process.hrtime.bigint()
  ${load}
  console.log(Number(process.hrtime.bigint() - start) / 1e6)`

/** The programs, in a folder from which the package can be imported. */
function programs(folder) {
  const put = (name, text) => {
    const file = join(folder, name)
    writeFileSync(file, text)
    return file
  }
  const empty = put('empty.mjs', '')
  const emptyCommon = put('empty.cjs', '')
  const url = (name) => JSON.stringify(import.meta.resolve(name))
  const importing = (name, what) => put(name, timed(`await import(${what})`))
  const requiring = (name, what) => put(name, timed(`require(${what})`))

  const nothing = importing('nothing.mjs', JSON.stringify(empty))
  const index = fileURLToPath(import.meta.resolve('wasmsig'))
  const common = join(index, '../index.js')
  return [
    {
      row: 'import',
      goal: { over: 3 },
      wasmsig: importing('import.mjs', url('wasmsig')),
      baseline: nothing
    },
    {
      row: 'require',
      wasmsig: requiring('require.cjs', JSON.stringify(common)),
      baseline: requiring('nothing.cjs', JSON.stringify(emptyCommon))
    },
    {
      row: 'register',
      wasmsig: importing('register.mjs', url('wasmsig/register')),
      baseline: nothing
    }
  ]
}

function takeSample(program) {
  const text = execFileSync(process.execPath, [program], {
    cwd: HERE,
    encoding: 'utf8'
  })
  return Number(text)
}

function measure({ row, goal, wasmsig, baseline }, rounds) {
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    const order = [
      ['wasmsig', wasmsig, undefined],
      ['baseline', baseline, 'an empty module']
    ]
    if (round % 2 !== 0) order.reverse()
    for (const [who, program, what] of order) {
      const sample = takeSample(program)
      if (round < 0) continue
      const line = {
        bench: 'js-import',
        row,
        who,
        what,
        unit: 'ms',
        goal,
        sample
      }
      console.log(JSON.stringify(line))
    }
  }
}

function parse() {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '40' },
      help: { type: 'boolean', default: false }
    }
  })
  if (!/^[1-9]\d{0,4}$/.test(values.rounds)) {
    throw new Error(`--rounds must be 1 to 99999, not '${values.rounds}'`)
  }
  return { help: values.help, rounds: Number(values.rounds) }
}

function main() {
  let options
  try {
    options = parse()
  } catch (error) {
    console.error(`js-import: ${error.message}\n${USAGE}`)
    process.exit(2)
  }
  if (options.help) return console.log(USAGE)

  const folder = mkdtempSync(join(tmpdir(), 'wasmsig-bench-'))
  try {
    for (const row of programs(folder)) measure(row, options.rounds)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

try {
  main()
} catch (error) {
  console.error(`js-import: ${error.message}`)
  process.exitCode = 1
}
