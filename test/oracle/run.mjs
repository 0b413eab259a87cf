// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Compares the results of the module reader (facts.c) and wasmparser (main.rs)
 * for the same modules (mutants.c), and prints counts. Exit status 1 if they
 * contradict each other.
 *
 *     node run.mjs PROGRAMS ORACLE CORPUS [COUNT]
 *
 * PROGRAMS: folder of mutants and facts. COUNT: of modules, 10^6 by default.
 * Modules with contradicting results are kept in build/oracle/failures/.
 *
 * What must hold:
 *  1. A module that is valid for wasmparser is readable, with polls and without.
 *  2. A module that wasmparser cannot read is not readable, except for its own
 *     limits (LIMITS). A module that breaks a rule of the binary format which
 *     wasmparser checks only in its validator (FORMAT) is not readable either.
 *  3. If both can read a module, valid or not, memory and words are equal, and
 *     the reader finds at least the polls that directly follow their address.
 *  4. Code that wasmparser can read is readable, except for CHECKED.
 *  5. A module that is valid only with proposals, and not readable, is NEWER.
 * A readable module that is not valid is the engine's concern. Such modules are
 * only counted, by wasmparser's message.
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

/** Limits of wasmparser, which engines also have, although these are no errors. */
const LIMITS = [
  /size (?:is )?out of bounds$/, // a count, or the length of a name
  /exceeds? (?:limit|maximum)/,
  /^too many/
]

/** Messages of the validator about rules of the binary format. */
const FORMAT = [
  /^data count/,
  /inconsistent lengths/,
  /out of order/,
  /duplicate section/
]

/**
 * Faults in code that the reader checks and wasmparser leaves to its validator:
 * indices, and types of disabled proposals.
 */
const CHECKED = [
  /^no data index/,
  /^the index of a (?:type|local|global|memory)/,
  /^a (?:heap|value) type$/,
  /^an alignment/
]

const [programs, oracle, corpus, wanted = '1000000'] = process.argv.slice(2)

// ------------------------------------------------------------------ verdicts

/** The message without its numbers, types and names. */
const kindOf = (text) =>
  text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/`[^`]*`/g, '…')
    .replaceAll(/\(ref [^,]*\)/g, 'T')
    .replaceAll(/\b(?:i32|i64|f32|f64|v128|\w+ref)\b/g, 'T')
    .replaceAll(/0x[\da-f]+|\d+/gi, 'N')
    .trim()

const some = (patterns, text) => patterns.some((pattern) => pattern.test(text))

/** @returns {string | undefined} the contradiction */
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
let withOwnMemory = 0

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
    if (they.facts.own !== null) withOwnMemory++
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
    `${withWords} of them with words, ` +
    `${withOwnMemory} with a memory of the words' own`
)
show('readable, and refused by wasmparser because of', refusals, KINDS_SHOWN)
console.log(`${wrong} contradictions`)
process.exitCode = wrong > 0 ? 1 : 0
