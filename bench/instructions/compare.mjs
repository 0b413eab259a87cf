// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Instruction counts beside those that are stored. */

export const TOLERANCE = 0.02

const percent = (share) =>
  `${share > 0 ? '+' : ''}${(100 * share).toFixed(1)} %`

/** What differs, a line each: [{path, line}]. Both: {path: instructions}. */
export function differences(stored, counted) {
  const paths = new Set([...Object.keys(stored), ...Object.keys(counted)])
  return [...paths].flatMap((path) => {
    const [before, now] = [stored[path], counted[path]]
    const tell = (what) => [{ path, line: `${path}: ${what}` }]
    if (before === undefined) return tell(`${now}, and no count is stored`)
    if (now === undefined) return tell(`${before} stored, and not counted`)
    const change = (now - before) / before
    if (Math.abs(change) <= TOLERANCE) return []
    return tell(`${before} stored, ${now} counted (${percent(change)})`)
  })
}

/** Why counts of two toolchains cannot be compared; undefined: they can. */
export function otherToolchain(stored, here) {
  const names = Object.keys({ ...stored, ...here })
  const other = names.find((name) => stored[name] !== here[name])
  return other && `stored with ${other} ${stored[other]}, here ${here[other]}`
}
