// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * How late SIGXCPU is: each sample of the benchmark is a line on a logarithmic
 * axis. The samples are those of the README's figures (bench/figures.json).
 */
import { readFileSync } from 'node:fs'
import { quantile } from 'simple-statistics'
import { line, picture, text } from './svg.mjs'

const FIGURES = new URL('../../bench/figures.json', import.meta.url)

const WIDTH = 780
const LEFT = 200
const RIGHT = WIDTH - 120
const TOP = 44
const STRIP = 34 // from one to the next
const [LEAST, MOST] = [0.005, 10] // ms
const TICKS = [0.01, 0.1, 1, 10]

const SCENES = [
  ['budget/soft_late_idle', 'no load added'],
  ['budget/soft_late_4hogs', '4 busy processes added']
]

/** A sample beyond an end of the axis is drawn there. */
function x(ms) {
  const inside = Math.min(MOST, Math.max(LEAST, ms))
  const share = Math.log(inside / LEAST) / Math.log(MOST / LEAST)
  return LEFT + share * (RIGHT - LEFT)
}

function stripsOf(samples) {
  return SCENES.flatMap(([row, scene]) => [
    { name: 'wasmsig', scene, samples: samples[row].wasmsig, fill: 'blue' },
    {
      name: samples[row].what,
      ...{ scene, samples: samples[row].baseline, fill: 'amber' }
    }
  ])
}

function strip({ name, scene, samples, fill }, i) {
  const y = TOP + i * STRIP
  const middle = quantile(samples, 0.5)
  const marks = samples.map((ms) =>
    line(x(ms), y + 3, x(ms), y + 17, fill, {
      ...{ 'stroke-width': 2, opacity: 0.35 }
    })
  )
  return [
    text(0, y + 10, name, { kind: i % 2 === 0 ? 'strong' : undefined }),
    text(0, y + 23, scene, { kind: 'dim small' }),
    ...marks,
    line(x(middle), y - 1, x(middle), y + 21, 'ink', { 'stroke-width': 3 }),
    text(RIGHT + 12, y + 14, `${Number(middle.toPrecision(2))} ms`)
  ]
}

function axis(height) {
  return TICKS.flatMap((ms) => [
    line(x(ms), TOP - 8, x(ms), height - 20, 'rule'),
    text(x(ms), height - 6, `${ms} ms`, {
      ...{ kind: 'dim small', anchor: 'middle' }
    })
  ])
}

function draw({ samples }) {
  const strips = stripsOf(samples)
  const height = TOP + strips.length * STRIP + 24
  return picture(
    {
      ...{ width: WIDTH, height },
      title: 'How late SIGXCPU is after a limit of 20 ms of CPU time',
      description:
        'For wasmsig and two baselines: each sample of the benchmark, and ' +
        'the median, on a logarithmic axis in milliseconds.'
    },
    [
      text(0, 16, 'SIGXCPU after a limit of 20 ms of CPU time: ms of delay', {
        kind: 'strong'
      }),
      text(RIGHT + 12, 16, 'median', { kind: 'dim' }),
      ...axis(height),
      ...strips.flatMap(strip)
    ]
  )
}

export const LATENESS = draw(JSON.parse(readFileSync(FIGURES, 'utf8')))
