// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Two guests and their host over time: one returns its digits when it receives
 * SIGXCPU, the other one ignores it and is stopped, the host goes on.
 */
import { colour, element, line, picture, rect, text } from './svg.mjs'

const WIDTH = 780
const HEIGHT = 262

/** Where each lane begins, from above. */
const LANES = { first: 44, second: 118, host: 196 }
const BAR = 22 // height of a bar
const TURN_MS = 4 // between two lines in a bar, which stand for turns of a loop

const SOFT_MS = 50
const HARD_MS = 100
/** When each guest is called, on the axis of the whole picture. */
const FIRST_MS = 24
const FIRST_END_MS = FIRST_MS + SOFT_MS + 4
const SECOND_MS = FIRST_END_MS + 22
const SECOND_END_MS = SECOND_MS + HARD_MS
const END_MS = SECOND_END_MS + 34

const x = (ms) => 92 + ms * 2.83

/** A bar from one time to another. */
const bar = (lane, from, to, fill) =>
  rect(x(from), LANES[lane], x(to) - x(from), BAR, fill, { rx: 2 })

/** The turns of a guest's loop. */
function turns(lane, from, to) {
  const marks = []
  for (let ms = from + TURN_MS; ms < to - 1; ms += TURN_MS) {
    const at = x(ms)
    marks.push(
      line(at, LANES[lane] + 5, at, LANES[lane] + BAR - 5, 'rule', {
        opacity: 0.6
      })
    )
  }
  return marks
}

/** A time below a guest's bar, counted from its call, beside its line. */
function tick(lane, start, ms) {
  const at = x(start + ms)
  const below = LANES[lane] + BAR
  const [words, offset, anchor] =
    ms === 0 ? ['0', 5, 'start'] : [`${ms} ms`, -5, 'end']
  return [
    line(at, below, at, below + 16, 'dim'),
    text(at + offset, below + 14, words, { kind: 'dim small', anchor })
  ]
}

/** A signal: an arrow onto the bar from above. */
function signal(lane, ms) {
  const at = x(ms)
  const top = LANES[lane]
  return [
    text(at, top - 16, 'SIGXCPU', {
      ...{ kind: 'strong', anchor: 'middle', fill: 'amber' }
    }),
    element('path', {
      d: `M${at} ${top - 12}V${top + 2}m-4 -6l4 6l4 -6`,
      ...{ fill: 'none', stroke: colour('amber'), 'stroke-width': 2 }
    })
  ]
}

/** A cross at the end of a bar. */
const cross = (lane, ms) =>
  element('path', {
    d: `M${x(ms) - 6} ${LANES[lane] + 5}l12 12m0 -12l-12 12`,
    ...{ fill: 'none', stroke: colour('red'), 'stroke-width': 3 }
  })

/** A call or its end: a dotted line between a guest's lane and the host's. */
const passage = (lane, ms, stroke) =>
  line(x(ms), LANES[lane] + BAR, x(ms), LANES.host, stroke, {
    'stroke-dasharray': '2 3'
  })

const label = (lane, words, more) => [
  text(0, LANES[lane] + 15, words, { kind: 'strong' }),
  text(0, LANES[lane] + 29, more, { kind: 'dim small' })
]

const firstGuest = [
  label('first', 'guest 1', 'handles it'),
  passage('first', FIRST_MS, 'dim'),
  passage('first', FIRST_END_MS, 'green'),
  bar('first', FIRST_MS, FIRST_MS + SOFT_MS, 'blue'),
  turns('first', FIRST_MS, FIRST_MS + SOFT_MS),
  text(x(FIRST_MS), LANES.first - 6, 'runs a loop', { kind: 'dim small' }),
  bar('first', FIRST_MS + SOFT_MS, FIRST_END_MS, 'green'),
  tick('first', FIRST_MS, 0),
  tick('first', FIRST_MS, SOFT_MS),
  signal('first', FIRST_MS + SOFT_MS),
  text(x(FIRST_END_MS) + 8, LANES.first + 15, 'returns its digits', {
    fill: 'green'
  })
]

const secondGuest = [
  label('second', 'guest 2', 'ignores it'),
  passage('second', SECOND_MS, 'dim'),
  passage('second', SECOND_END_MS, 'red'),
  bar('second', SECOND_MS, SECOND_END_MS, 'blue'),
  turns('second', SECOND_MS, SECOND_END_MS),
  text(x(SECOND_MS), LANES.second - 6, 'runs a loop', { kind: 'dim small' }),
  tick('second', SECOND_MS, 0),
  tick('second', SECOND_MS, SOFT_MS),
  tick('second', SECOND_MS, HARD_MS),
  signal('second', SECOND_MS + SOFT_MS),
  cross('second', SECOND_END_MS),
  text(x(SECOND_END_MS) + 12, LANES.second + 15, 'stopped', {
    ...{ kind: 'strong', fill: 'red' }
  })
]

const hostLabel = (from, to, words, anchor = 'middle') => {
  const at = { middle: (x(from) + x(to)) / 2, start: x(from), end: x(to) }
  return text(at[anchor], LANES.host + 40, words, { anchor })
}

const host = [
  label('host', 'host', 'one thread'),
  bar('host', 0, FIRST_MS, 'dim'),
  bar('host', FIRST_END_MS, SECOND_MS, 'dim'),
  bar('host', SECOND_END_MS, END_MS, 'dim'),
  hostLabel(0, FIRST_MS, 'calls guest 1'),
  hostLabel(FIRST_END_MS, SECOND_MS, 'has the digits, calls guest 2'),
  hostLabel(SECOND_END_MS, END_MS, 'catches an error, goes on', 'end')
]

const axis = [
  line(x(0), HEIGHT - 12, WIDTH - 8, HEIGHT - 12, 'rule'),
  element('path', {
    d: `M${WIDTH - 12} ${HEIGHT - 16}l5 4l-5 4`,
    ...{ fill: 'none', stroke: colour('rule') }
  }),
  text(0, HEIGHT - 8, 'time', { kind: 'dim small' })
]

export const GUESTS = picture(
  {
    ...{ width: WIDTH, height: HEIGHT },
    title: 'A guest that returns in time, and a guest that is stopped',
    description:
      'Guest 1 runs a loop, receives SIGXCPU after 50 ms of CPU time and ' +
      'returns its digits. Guest 2 receives the same signal, ignores it and ' +
      'is stopped after 100 ms. The host catches an error and goes on.'
  },
  [...firstGuest, ...secondGuest, ...host, ...axis].flat(2)
)
