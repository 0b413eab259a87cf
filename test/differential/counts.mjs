// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Counts of a run, which can be added to those of others. */
const WAYS = [
  'default',
  '--every 1',
  '--calls',
  '--every 1 --calls --words memory',
  '--every 7',
  '--words memory'
]
const PLACEMENTS = ['own words', 'null area', 'added page', 'added memory']

const addTo = (table, what, times) => {
  table[what] = (table[what] ?? 0) + times
}

export class Counts {
  totals = {}
  outcomes = {}
  ways = {}
  placements = {}

  add(what, times = 1) {
    addTo(this.totals, what, times)
  }
  addOutcome(what) {
    addTo(this.outcomes, what, 1)
  }
  addWay(way, placement) {
    addTo(this.ways, WAYS[way], 1)
    addTo(this.placements, PLACEMENTS[placement], 1)
  }
  /** Adds what another run has printed. */
  addAll(other) {
    for (const [name, table] of Object.entries(other))
      for (const [what, times] of Object.entries(table))
        addTo(this[name], what, times)
  }
}
