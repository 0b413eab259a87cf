// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Distributions as text: one strip each, on a shared axis.
 *
 * A darker place has more samples. A single sample is a dot, so that each
 * outlier is visible. The bar is the median.
 */

const WIDTH = 56 // columns of a strip
const NAME = 20 // columns before it
const SHADES = '░▒▓█'

/** Logarithmic if all values are positive: then a column is a ratio. */
function makeAxis(least, most) {
  const isLog = least > 0
  const warp = isLog ? Math.log : (x) => x
  const unwarp = isLog ? Math.exp : (x) => x
  const from = warp(least)
  const length = warp(most) - from || 1
  return {
    isLog,
    column: (x) => Math.round(((warp(x) - from) / length) * (WIDTH - 1)),
    value: (column) => unwarp(from + (column / (WIDTH - 1)) * length)
  }
}

function shade(count, most) {
  if (count === 0) return ' '
  if (count === 1) return '·'
  return SHADES[Math.ceil((count / most) * SHADES.length) - 1]
}

function strip({ name, samples, middle }, axis) {
  const counts = Array(WIDTH).fill(0)
  for (const sample of samples) counts[axis.column(sample)]++
  const most = Math.max(...counts)
  const cells = counts.map((count) => shade(count, most))
  cells[axis.column(middle)] = '┃'
  return `${name.slice(0, NAME - 2).padEnd(NAME)}${cells.join('').trimEnd()}`
}

const label = (value) => String(Number(value.toPrecision(3)))

/** Ticks at the ends and in the middle, their values beneath. */
function ruler(axis) {
  const middle = WIDTH >> 1
  const line =
    '├' + '─'.repeat(middle - 1) + '┼' + '─'.repeat(WIDTH - middle - 2) + '┤'
  const [left, centre, right] = [0, middle, WIDTH - 1].map((column) =>
    label(axis.value(column))
  )
  const upToCentre = left.padEnd(middle - (centre.length >> 1)) + centre
  const labels = upToCentre + right.padStart(WIDTH - upToCentre.length)
  const kind = (axis.isLog ? 'logarithmic' : 'linear').padEnd(NAME)
  return [' '.repeat(NAME) + line, kind + labels]
}

/**
 * @param {object} figure
 * @param {string} figure.title
 * @param {number} figure.least  of all samples
 * @param {number} figure.most
 * @param {{ name: string, samples: number[], middle: number }[]} figure.strips
 * @returns {string} lines of up to 76 columns
 */
export function plot({ title, least, most, strips }) {
  const axis = makeAxis(least, most)
  return [title, ...strips.map((one) => strip(one, axis)), ...ruler(axis)].join(
    '\n'
  )
}
