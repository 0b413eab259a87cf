// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The results of accept.mjs as text. */
import { median } from 'simple-statistics'

const kilobytes = (bytes) => `${Math.round(bytes / 1024)} KiB`

const verdictOf = (row) =>
  row.isAccepted
    ? row.fault
      ? `NOT VALID: ${row.fault}`
      : row.placement
    : `refused: ${row.reason}`

/** A line for each module: for people and for `cut`. */
export function tableOf(rows) {
  return rows
    .map((row) =>
      [
        row.isAccepted ? 'yes' : 'no',
        row.package,
        row.path,
        kilobytes(row.size),
        row.toolchain,
        row.isAccepted ? row.ratio.toFixed(3) : '-',
        `${row.seconds.toFixed(2)} s`,
        verdictOf(row)
      ].join('\t')
    )
    .join('\n')
}

/** Reasons differ only in numbers and names: those are left out of the sums. */
const kindOf = (text) =>
  text.replaceAll(/"[^"]*"/g, '"…"').replaceAll(/\b\d+\b/g, 'N')

function counts(texts) {
  const sums = new Map()
  for (const text of texts) sums.set(text, (sums.get(text) ?? 0) + 1)
  return [...sums].sort(([, a], [, b]) => b - a)
}

export function summaryOf(rows) {
  const accepted = rows.filter(({ isAccepted }) => isAccepted)
  const refused = rows.filter(({ isAccepted }) => !isAccepted)
  const share = ((100 * accepted.length) / rows.length).toFixed(1)
  const sums = (list, textOf) =>
    counts(list.map((row) => kindOf(textOf(row)))).map(
      ([text, count]) => `${String(count).padStart(5)}  ${text}`
    )
  return [
    '',
    `accepted ${accepted.length} of ${rows.length} (${share} %)`,
    ...sums(accepted, ({ placement }) => placement),
    `refused ${refused.length}`,
    ...sums(refused, ({ reason }) => reason),
    accepted.length === 0
      ? ''
      : `size, median ratio ${median(accepted.map(({ ratio }) => ratio)).toFixed(3)}`
  ].join('\n')
}
