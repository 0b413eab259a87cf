// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Pages in Prometheus' text format. */
import assert from 'node:assert/strict'

const SAMPLE = /^(?<name>[a-z_]+)(?:\{(?<labels>.*)\})? (?<value>\S+)$/
const LABEL = /(?<label>[a-z_]+)="(?<text>[^"]*)"/g

/** @returns {{name: string, labels: object, value: number}[]} */
export function samplesOf(page) {
  const lines = page.split('\n').filter((line) => !/^(#|$)/.test(line))
  return lines.map((line) => {
    const { name, labels, value } = SAMPLE.exec(line)?.groups ?? {}
    assert.ok(name, `not a sample: ${line}`)
    const pairs = [...(labels ?? '').matchAll(LABEL)].map(
      ({ groups: { label, text } }) => [label, text]
    )
    return { name, labels: Object.fromEntries(pairs), value: Number(value) }
  })
}
