// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Results as Markdown: symbols, columns, rows and notes. */

const SYMBOLS = { kept: '●', partly: '◐', broken: '○', apart: '–' }

export const LEGEND = `● kept, ◐ in part, ○ not kept, – cannot be tried there.`

/** One verdict for several promises. */
export function sumUp(verdicts, { countsApart }) {
  const tried = verdicts.filter((verdict) => verdict !== 'apart')
  if (tried.length === 0) return 'apart'
  const counted = countsApart ? verdicts : tried
  return new Set(counted).size === 1 ? counted[0] : 'partly'
}

/** Notes are numbered in the order in which they are first referred to. */
export class Notes {
  #numbers = new Map()

  number(text) {
    if (!this.#numbers.has(text))
      this.#numbers.set(text, this.#numbers.size + 1)
    return this.#numbers.get(text)
  }

  toString() {
    return [...this.#numbers]
      .map(([text, number]) => `${number}. ${text}`)
      .join('\n')
  }
}

export function headings({ hosts }) {
  const names = hosts.map(({ label, said }) => `${label} ${said}`)
  const line = ['---', ...hosts.map(() => ':-:')]
  return `| promise | ${names.join(' | ')} |\n| ${line.join(' | ')} |`
}

/** The verdict on some promises in a host; `numbers` are those of its notes. */
export function symbol(table, promises, { name }, numbers = []) {
  const verdicts = promises.map((hosts) => hosts.get(name).verdict)
  const shown = SYMBOLS[sumUp(verdicts, table)]
  return numbers.length > 0 ? `${shown} <sup>${numbers.join(' ')}</sup>` : shown
}

export const row = (cells) => `| ${cells.join(' | ')} |`
