// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The table of engines in C. Its suite are the tests in this folder. */
import { existsSync, readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { howItEnded, runToEnd } from '../conformance/process.mjs'
import { readOutput } from './tap_output.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const SOURCES = 'test/engines/'
const PROGRAMS = 'build/release/test/engines/'

/** Other files that a result depends on: engines, and how they are built. */
const PINS = [
  'third_party/Cargo.lock',
  'third_party/requirements.txt',
  'third_party/wamr/CMakeLists.txt',
  'test/engines/wamr/CMakeLists.txt'
]

class Engine {
  /**
   * `others` are programs that try what `program` has to skip, in another build
   * of the engine. Each names its build.
   */
  constructor({ name, label, version, program, others = [] }) {
    Object.assign(this, { name, label, version, program, others })
    this.said = version
  }

  fetch() {
    const programs = [
      this.program,
      ...this.others.map(({ program }) => program)
    ]
    for (const program of programs) {
      if (!existsSync(ROOT + PROGRAMS + program)) {
        throw new Error(`${PROGRAMS}${program} was not built: scripts/build`)
      }
    }
  }

  async run(program) {
    const env = { CMOCKA_MESSAGE_OUTPUT: 'TAP' }
    const ended = await runToEnd(ROOT + PROGRAMS + program, [], { env })
    // Status 1: tests failed, and the output names them. More is an error.
    if (ended.late || ended.status === null || ended.status > 1) {
      throw new Error(`${program}: ${howItEnded(ended)}`)
    }
    const { version, found } = readOutput(ended.stdout)
    if (version !== this.version) {
      throw new Error(
        `${this.label} has version ${version}, not ${this.version}`
      )
    }
    const isBroken = found.some(({ verdict }) => verdict === 'broken')
    if (isBroken !== (ended.status === 1)) {
      throw new Error(`${program}: ${howItEnded(ended)}`)
    }
    return found
  }
}

/** Replaces skipped promises by the results of another build of the engine. */
function filledIn(found, other, build) {
  const tried = new Map(
    other
      .filter(({ verdict }) => verdict !== 'apart')
      .map((one) => [one.promise, one])
  )
  return found.map((one) => {
    const instead = tried.get(one.promise)
    if (one.verdict !== 'apart' || !instead) return one
    const why = instead.verdict === 'kept' ? build : `${build}: ${instead.why}`
    return { ...instead, why }
  })
}

async function check(engine) {
  let found = await engine.run(engine.program)
  for (const { program, build } of engine.others) {
    found = filledIn(found, await engine.run(program), build)
  }
  return found
}

function suite() {
  const sources = readdirSync(ROOT + SOURCES)
    .filter((name) => /\.[ch]$/.test(name))
    .map((name) => SOURCES + name)
  return [...sources.sort(), ...PINS].map((name) => [name, ROOT + name])
}

/** @type {import('../conformance/table.mjs').Table} */
export const ENGINES = {
  group: 'engines',
  title: 'Engines embedded in C',
  about: `Each promise was tried from C in each engine by
[test/engines](../../test/engines). The notes are from that run.`,
  page: 'docs/conformance/engines.md',
  results: new URL('./results.json', import.meta.url),
  hosts: [
    new Engine({
      name: 'wasmtime',
      label: 'Wasmtime',
      version: '50.0.1',
      program: 'test_engine_wasmtime'
    }),
    new Engine({
      name: 'wamr',
      label: 'WAMR',
      version: '2.4.3',
      program: 'test_engine_wamr',
      others: [
        {
          program: 'test_engine_wamr_moving',
          build: 'tried in a build without hardware bounds checks'
        }
      ]
    })
  ],
  suite,
  check,
  absent: {
    verdict: 'apart',
    why: "a promise of the other engine's adapter alone"
  },
  countsApart: true,
  hasNote: ({ why }) => why !== undefined
}
