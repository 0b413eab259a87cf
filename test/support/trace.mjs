// SPDX-License-Identifier: Apache-2.0 OR MIT
// Reads a trace as a viewer does, and checks what holds for each.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'

/** The ends of slices match their begins, in each thread. */
function checkSlices(events) {
  const open = new Map()
  for (const { ph, tid, name } of events) {
    if (!open.has(tid)) open.set(tid, [])
    if (ph === 'B') open.get(tid).push(name)
    if (ph === 'E') assert.equal(open.get(tid).pop(), name)
  }
  for (const names of open.values()) assert.deepEqual(names, [])
}

/** The trace in a file: { events, lost, state }. */
export function readTrace(file) {
  const { traceEvents, otherData } = JSON.parse(readFileSync(file, 'utf8'))
  checkSlices(traceEvents)
  for (const { ph, ts, pid } of traceEvents) {
    assert.ok(pid > 0)
    assert.ok(ph === 'M' || ts > 0)
  }
  return {
    events: traceEvents,
    lost: otherData.lost_events,
    state: otherData.trace
  }
}

/** The only event of that name and phase. */
export function only(events, name, ph) {
  const found = events.filter(
    (event) => event.name === name && (!ph || event.ph === ph)
  )
  assert.equal(found.length, 1, `${name}: ${JSON.stringify(events)}`)
  return found[0]
}

export const has = (events, name) => events.some((event) => event.name === name)
