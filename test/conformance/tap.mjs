// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Prints a run as TAP 14, with a subtest for each host. testanything.org */

const escape = (text) => text.replace(/[\\#]/g, '\\$&')

/** Prints each result at once. A promise that was not kept before is a TODO. */
export class Tap {
  #count = 0
  #failed = 0

  constructor(hosts, print = console.log) {
    this.print = print
    print('TAP version 14')
    print(`1..${hosts}`)
  }

  #line(ok, number, text, indent = '') {
    this.print(`${indent}${ok ? 'ok' : 'not ok'} ${number} - ${text}`)
  }

  /**
   * @param {string} label
   * @param {{ promise: string, verdict: string, why?: string,
   *   unexpected: boolean }[]} results
   */
  host(label, results) {
    this.print(`# Subtest: ${label}`)
    this.print(`    1..${results.length}`)
    results.forEach((result, index) => this.#promise(result, index + 1))
    const ok = !results.some(({ unexpected }) => unexpected)
    this.#end(ok, label)
  }

  #promise({ promise, verdict, why, unexpected }, number) {
    const text = escape(promise)
    const indent = '    '
    if (unexpected) {
      this.#line(false, number, text, indent)
      const said = JSON.stringify(why ? `${verdict}: ${why}` : verdict)
      this.print(`${indent}  ---\n${indent}  found: ${said}\n${indent}  ...`)
    } else if (verdict === 'apart') {
      this.#line(true, number, `${text} # SKIP ${escape(why)}`, indent)
    } else if (verdict === 'kept') {
      this.#line(true, number, text, indent)
    } else {
      this.#line(false, number, `${text} # TODO ${escape(why)}`, indent)
    }
  }

  /** A host that could not be started, or whose run failed. */
  bailed(label, reason) {
    this.print(`# ${reason.split('\n').join('\n# ')}`)
    this.#end(false, `${label} could not be run`)
  }

  #end(ok, text) {
    this.#count += 1
    if (!ok) this.#failed += 1
    this.#line(ok, this.#count, text)
  }

  get failed() {
    return this.#failed
  }
}
