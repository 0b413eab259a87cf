// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Compares what the module reader (facts.c) and wasmparser (main.rs) say of the
 * same modules (mutants.c), and prints counts. Exit status 1 if they contradict
 * each other.
 *
 *     node run.mjs PROGRAMS ORACLE CORPUS [COUNT]
 *
 * PROGRAMS: folder of mutants and facts. COUNT: of modules, 10^6 by default.
 * Those they disagree on are kept in build/oracle/failures/.
 *
 * What must hold:
 *  1. what wasmparser finds valid is readable, with polls and without
 *  2. what wasmparser cannot read at all is not readable, but for its own
 *     limits (LIMITS); nor is what breaks a rule of the binary format that it
 *     leaves to its validator (FORMAT)
 *  3. what both can read has the same memory and words, valid or not, and no
 *     fewer polls than the loads that stand right behind their address
 *  4. code that wasmparser can read is readable, but for CHECKED
 *  5. what only proposals make valid, and cannot be read, is called newer
 * What wasmparser can read and finds not valid is left to the engine: those are
 * only counted, by what it says.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isDeepStrictEqual } from 'node:util'

const FAILURES = fileURLToPath(
  new URL('../../build/oracle/failures', import.meta.url)
)
const ROUND = 50_000 // modules that are in memory at a time
const MOST_BYTES = 1 << 30
const SHOWN = 10 // contradictions
const KINDS_SHOWN = 20

/** What wasmparser, as engines do, refuses to read though it is no error. */
const LIMITS = [
  /size (?:is )?out of bounds$/, // a count, or the length of a name
  /exceeds? (?:limit|maximum)/,
  /^too many/
]

/** Of what is not valid, what is still a rule of the binary format. */
const FORMAT = [
  /^data count/,
  /inconsistent lengths/,
  /out of order/,
  /duplicate section/
]

/**
 * What the reader checks in code that wasmparser leaves to its validator:
 * indices, and types of proposals that are off.
 */
const CHECKED = [
  /^no data index/,
  /^the index of a type/,
  /^a (?:heap|value) type$/,
  /^an alignment/
]

const [programs, oracle, corpus, wanted = '1000000'] = process.argv.slice(2)

// ------------------------------------------------------------------ verdicts

/** The same message of other numbers, types and names. */
const kindOf = (text) =>
  text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/`[^`]*`/g, '…')
    .replaceAll(/\(ref [^,]*\)/g, 'T')
    .replaceAll(/\b(?:i32|i64|f32|f64|v128|\w+ref)\b/g, 'T')
    .replaceAll(/0x[\da-f]+|\d+/gi, 'N')
    .trim()

const some = (patterns, text) => patterns.some((pattern) => pattern.test(text))

/** @returns {string | undefined} what is wrong */
function contradiction(we, they) {
  const isReadable = we.walked.readable
  if (they.component) {
    return we.skipped.verdict === 'component' ? undefined : 'not a component'
  }
  if (isReadable && !we.skipped.readable) return 'readable with polls only'
  if (!they.refused && !isReadable) {
    return `valid, but ${we.walked.verdict}: ${we.walked.text}`
  }
  if (they.later && !isReadable && we.walked.verdict !== 'newer') {
    return `valid some day, but ${we.walked.verdict}: ${we.walked.text}`
  }
  if (they.broken && isReadable && !some(LIMITS, they.broken.text)) {
    return `readable, but ${they.broken.text}`
  }
  if (they.refused && isReadable && some(FORMAT, they.refused.text)) {
    return `readable, but ${they.refused.text}`
  }
  if (
    we.skipped.readable &&
    !isReadable &&
    !they.broken &&
    !some(CHECKED, we.walked.text)
  ) {
    return `code that can be read, but ${we.walked.text}`
  }
  if (!they.facts || !we.skipped.readable) return
  const { direct, ...facts } = they.facts
  if (!isDeepStrictEqual(we.facts, facts)) return 'other facts'
  if (
    isReadable &&
    (we.polls.plain < direct.plain || we.polls.atomic < direct.atomic)
  ) {
    return 'fewer polls than there are'
  }
}

// -------------------------------------------------------------------- counts

const counts = new Map()
const refusals = new Map()
let wrong = 0
let total = 0
let withFacts = 0
let withWords = 0

const count = (map, what) => map.set(what, (map.get(what) ?? 0) + 1)

function classify(we, they) {
  const { verdict, readable } = we.walked
  if (!they.refused) {
    count(counts, `valid, ${verdict}`)
  } else if (they.later) {
    count(counts, `valid with all proposals, ${verdict}`)
  } else if (!readable) {
    count(counts, `refused by both, ${verdict}`)
  } else {
    const how = they.broken ? 'beyond a limit of wasmparser' : 'not valid'
    count(counts, `readable, but ${how}`)
    count(refusals, kindOf(they.refused.text))
  }
  if (we.skipped.readable && they.facts) {
    withFacts++
    if (they.facts.words.some(Boolean)) withWords++
  }
}

function keep(module, what, lines) {
  wrong++
  const file = join(FAILURES, `${total}.wasm`)
  mkdirSync(FAILURES, { recursive: true })
  writeFileSync(file, module)
  if (wrong <= SHOWN) console.log([`${file}: ${what}`, ...lines].join('\n  '))
}

function show(title, map, most = Infinity) {
  const entries = [...map].sort((a, b) => b[1] - a[1])
  console.log(title)
  for (const [what, times] of entries.slice(0, most)) {
    console.log(`${String(times).padStart(9)}  ${what}`)
  }
  const others = entries.slice(most)
  if (others.length === 0) return
  const sum = others.reduce((sum, [, times]) => sum + times, 0)
  console.log(`${String(sum).padStart(9)}  ${others.length} other reasons`)
}

// -------------------------------------------------------------------- rounds

const run = (program, args, input) =>
  execFileSync(program, args, { input, maxBuffer: MOST_BYTES })

const linesOf = (buffer) => buffer.toString().trimEnd().split('\n')

function* modulesOf(buffer) {
  for (let at = 0; at < buffer.length;) {
    const start = at + 4
    at = start + buffer.readUInt32LE(at)
    yield buffer.subarray(start, at)
  }
}

function round(first, size) {
  const input = run(join(programs, 'mutants'), [corpus, first, size])
  const ours = linesOf(run(join(programs, 'facts'), [], input))
  const theirs = linesOf(run(oracle, [], input))
  const modules = [...modulesOf(input)]
  if (ours.length !== modules.length || theirs.length !== modules.length) {
    throw new Error('not a line for each module')
  }
  for (const [i, module] of modules.entries()) {
    const we = JSON.parse(ours[i])
    const they = JSON.parse(theirs[i])
    classify(we, they)
    const what = contradiction(we, they)
    if (what) keep(module, what, [ours[i], theirs[i]])
    total++
  }
}

rmSync(FAILURES, { recursive: true, force: true })
for (let first = 0; first < Number(wanted); first += ROUND) {
  round(first, Math.min(ROUND, Number(wanted) - first))
}
show(`${total} modules`, counts)
console.log(
  `${String(withFacts).padStart(9)}  whose facts were compared, ` +
    `${withWords} of them with words`
)
show('readable, and refused by wasmparser because of', refusals, KINDS_SHOWN)
console.log(`${wrong} contradictions`)
process.exitCode = wrong > 0 ? 1 : 0
