// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Reads the output of an engine's test program: TAP of cmocka. */

const PLAN = /^1\.\.(\d+)$/
const KEPT = /^ok \d+ - (.*)$/
const SKIPPED = /^not ok \d+ # SKIP (.*)$/
const BROKEN = /^not ok \d+ - (.*)$/
const REASON = /^# cannot be tried: (.*)$/
const END = /^# (?:not )?ok - (.*)$/
const NOTE = /^# (.*)$/

/** A group of tests, which is a row of the table. Its name comes last. */
class Group {
  constructor(count) {
    this.count = count
    this.found = []
    this.reason = undefined
  }

  #skipped(promise) {
    // The table shows the reason, so each skipped promise needs one.
    if (!this.reason) throw new Error(`no reason was given to skip ${promise}`)
    this.found.push({ promise, verdict: 'apart', why: this.reason })
    this.reason = undefined
  }

  /** cmocka prints first why a test failed, then where. */
  #note(text) {
    const last = this.found[this.found.length - 1]
    if (last?.verdict === 'broken') last.why ??= text
  }

  read(line) {
    let match
    if ((match = KEPT.exec(line))) {
      this.found.push({ promise: match[1], verdict: 'kept' })
    } else if ((match = SKIPPED.exec(line))) {
      this.#skipped(match[1])
    } else if ((match = BROKEN.exec(line))) {
      this.found.push({ promise: match[1], verdict: 'broken', why: undefined })
    } else if ((match = REASON.exec(line))) {
      this.reason = match[1]
    } else if ((match = NOTE.exec(line))) {
      this.#note(match[1])
    }
  }

  end(row) {
    if (this.found.length !== this.count) {
      throw new Error(`${this.found.length} of ${this.count} tests of ${row}`)
    }
    return this.found.map((one) => ({ row, ...one }))
  }
}

/**
 * @param {string} stdout of a program that has ended
 * @returns {{ version: string, found: import('../conformance/table.mjs').Found[] }}
 */
export function readOutput(stdout) {
  const [first, ...lines] = stdout.split('\n')
  const found = []
  let group
  for (const line of lines) {
    const plan = PLAN.exec(line)
    const end = END.exec(line)
    if (plan) {
      if (group) throw new Error('a group of tests has no end')
      group = new Group(Number(plan[1]))
    } else if (end && group) {
      found.push(...group.end(end[1]))
      group = undefined
    } else {
      group?.read(line)
    }
  }
  if (group || found.length === 0) throw new Error('tests have no end')
  return { version: first.split(' ').pop(), found }
}
