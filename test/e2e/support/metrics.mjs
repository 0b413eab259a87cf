// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The metrics page of examples/server, in Prometheus' text format. */
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

/**
 * The values of one tenant, by name without `plugin_`; `requests_total 504` is
 * that of one status. Buckets are left out.
 */
export function valuesOf(tenant, page) {
  const own = samplesOf(page).filter(({ labels }) => labels.tenant === tenant)
  const values = {}
  for (const { name, labels, value } of own) {
    if (labels.le !== undefined) continue
    const words = [name.replace('plugin_', ''), labels.code]
    values[words.filter(Boolean).join(' ')] = value
  }
  return values
}
