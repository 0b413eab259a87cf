// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Writes docs/conformance/instrument.md from the kept results:
 *
 *   node test/real/page.mjs [--check]
 *
 * --check writes nothing, and fails if the page is not that of the results.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { median } from 'simple-statistics'

const PAGE = new URL('../../docs/conformance/instrument.md', import.meta.url)
const read = (name) =>
  JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))

const HOSTS = {
  'node-20': 'Node 20',
  'node-26': 'Node 26',
  bun: 'Bun',
  wasmtime: 'Wasmtime'
}

const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')

const numbersApart = (text) => text.replaceAll(/\b\d+\b/g, 'N')

function counted(texts) {
  const sums = new Map()
  for (const text of texts) sums.set(text, (sums.get(text) ?? 0) + 1)
  return [...sums].sort(([, a], [, b]) => b - a)
}

function acceptance(rows) {
  const accepted = rows.filter(({ isAccepted }) => isAccepted)
  const packages = new Set(rows.map((row) => row.package))
  const ratio = median(accepted.map((row) => row.ratio)).toFixed(2)
  const places = counted(accepted.map((row) => numbersApart(row.placement)))
  const refused = rows.filter(({ isAccepted }) => !isAccepted)
  return `## Real modules

${packages.size} packages have ${rows.length} different modules of at least 1 KiB.
\`wasmsig instrument\` accepts ${accepted.length} of them without an option. All
results are valid for wasmparser. The median result is ${ratio} times as long as
the original.

${table(
  ['modules', 'where the words are'],
  places.map(([text, count]) => [count, text])
)}
${refused.map((row) => `\n- refused: ${row.package} ${row.path}: ${row.reason}`).join('')}
${table(
  ['package', 'module', 'toolchain (a guess)', 'size'],
  rows.map((row) => [
    `${row.package} ${row.version}`,
    row.path,
    row.toolchain,
    row.isAccepted ? `× ${row.ratio.toFixed(2)}` : 'refused'
  ])
)}
`
}

/** ● the same result, and stopped; – and why not tried. */
function jobCell(result) {
  if (result === undefined) return ''
  if (result.same && result.killed) return '●'
  if (result.same === false || result.killed === false) return '○'
  return '–'
}

function jobs(results) {
  const names = [...new Set(results.map(({ job }) => job))].sort()
  const hosts = Object.keys(HOSTS)
  const find = (host, job) =>
    results.find((one) => one.host === host && one.job === job)
  const notes = results
    .filter((one) => jobCell(one) !== '●')
    .map(({ host, job, error }) => `- ${job} in ${HOSTS[host]}: ${error}`)
  return `## Jobs

Each job loads a package, does the same work with the package's own modules and
with instrumented ones, and compares the results. Then it repeats the work, and
another thread stores SIGKILL into the signal words. A call must end with a trap.
● both hold, ○ one does not, – the module does not run there: the list below the
table says why.

Wasmtime has no JavaScript. Its jobs are traces: Node records each call between
the package and the module of the job that runs longest, and what the package
writes into the memory. Wasmtime repeats that with both modules. All arguments and
results must be those of the trace, and both memories must be equal at the end. Then a
thread stores SIGKILL into the words while the job is repeated.

${hosts.map((host) => `${counted(names.map((job) => jobCell(find(host, job)))).find(([text]) => text === '●')?.[1] ?? 0} of ${names.length} in ${HOSTS[host]}`).join(', ')}.

${table(
  ['job', ...Object.values(HOSTS)],
  names.map((job) => [job, ...hosts.map((host) => jobCell(find(host, job)))])
)}

${notes.join('\n')}
`
}

function specification(result) {
  const {
    files,
    assertions,
    vectors,
    differ,
    modules,
    refused,
    changed,
    node
  } = result
  return `## The specification's test suite

All ${files} files of the public test suite that wasm-tools can read, in Node
${node.slice(1)}. ${assertions} commands of the scripts were evaluated with the original
modules, with instrumented ones, and with ones that poll at the start of each
function too (\`--calls\`). ${differ} outcomes differ. Modules were instrumented ${modules} times;
${changed} results have polls, and ${refused} were refused, as they use proposals that
are newer than the reader.
${vectors} of the commands have vectors as arguments or results, which JavaScript
cannot pass. The bits of a NaN are not compared.
`
}

function interpreter({ wabt, files, unreadable, ...counts }) {
  const { assertions, passed, differ, modules, changed, refused } = counts
  return `## The same test suite in an interpreter

wabt ${wabt} reads ${files} of the ${files + unreadable} files. The others have newer text. Its interpreter
compares vectors and the bits of a NaN too. Of ${assertions} assertions, ${passed} pass with
the original modules; the others need what this interpreter does not have. With
instrumented modules, and with ones that poll at the start of each function too, it
prints the same for each file but ${differ}. Modules were instrumented ${modules} times;
${changed} results have polls, and ${refused} were refused.
`
}

/** The counts of test/differential, in which only totals are shown. */
function generated(results) {
  const engines = { node: 'Node 26', wasmtime: 'Wasmtime' }
  const rows = [
    ['generated modules', 'modules'],
    [
      'without loops and recursion, so unchanged',
      'modules: unchanged or refused'
    ],
    ['compared', 'modules: compared'],
    ['of these: a poll was executed', 'modules: with an executed poll'],
    ['of these: a call trapped', 'modules: with a call that trapped'],
    ['compared calls', 'calls'],
    [
      'stopped at the start in both',
      'modules: the start trapped or a segment did not fit'
    ],
    ['compared up to a stack overflow', 'modules: too deep'],
    [
      'compared up to a store to their own signal word',
      'modules: wrote to their own signal word'
    ],
    [
      'calls with vectors or exceptions, which JavaScript cannot make',
      'calls that JavaScript cannot make'
    ],
    ['**differences**', 'differences']
  ]
  const cells = ([title, key]) => [
    title,
    ...Object.keys(engines).map((engine) => results[engine].totals[key] ?? 0)
  ]
  return `## Generated modules, executed

Modules that wasm-smith generates, with WebAssembly 3.0 (but no relaxed SIMD) and
atomic instructions, run beside what \`wasmsig instrument\` makes of them. The
options are the defaults, \`--every 1\`, \`--every 7\`, \`--calls\`,
\`--words memory\`, and several together. A third of the modules with a memory
have words of their own, the others get a memory for them.
[What is compared](../../test/README.md#generated-modules-executed).

${table(['', ...Object.values(engines)], rows.map(cells))}
`
}

const text = `<!-- SPDX-License-Identifier: Apache-2.0 OR MIT -->
<!-- Written by test/real/page.mjs; do not edit. -->

# Conformance: modules that the command has instrumented

\`wasmsig instrument\` was tried on modules of npm packages that test/real/ pins,
and on the public test suite of the specification. These are the results of the
last runs. To run them again:

- \`node test/real/accept.mjs --write\`
- \`node test/real/jobs.mjs --write\`
- \`node test/real/spec.mjs SUITE WASM_TOOLS --write\`
- \`node test/real/spec-wabt.mjs SUITE --write\`
- \`WASMSIG_DIFFERENTIAL_MODULES=215000 test/differential/run --write\`
- \`node test/real/page.mjs\` writes this page.

${acceptance(read('accepted.json'))}
${jobs(read('jobs.json'))}
${specification(read('spec.json'))}
${interpreter(read('spec-wabt.json'))}
${generated(read('../differential/results.json'))}`

if (!process.argv.includes('--check')) writeFileSync(PAGE, text)
else if (readFileSync(PAGE, 'utf8') !== text) {
  console.error('docs/conformance/instrument.md: run node test/real/page.mjs')
  process.exit(1)
}
