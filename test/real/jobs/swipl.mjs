// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Prolog: eight queens. */
import { pathIn, require } from '../packages.mjs'

const PROGRAM = `
queens(N, Qs) :- numlist(1, N, Ns), permutation(Ns, Qs), safe(Qs).
safe([]). safe([Q|Qs]) :- free(Q, 1, Qs), safe(Qs).
free(_, _, []). free(Q, D, [P|Ps]) :- Q =\\= P + D, Q =\\= P - D, E is D + 1,
  free(Q, E, Ps).
`

export async function start() {
  const folder = 'swipl-wasm/dist/swipl'
  const swipl = await require(`${folder}/swipl-web.js`)({
    locateFile: (file) => pathIn('swipl-wasm', `dist/swipl/${file}`),
    arguments: ['-q'],
    print() {},
    printErr() {}
  })
  await swipl.prolog.load_string(PROGRAM)
  return () => {
    const query = swipl.prolog.query(
      'queens(6, Qs), msort(Qs, S), term_hash(Qs, H)'
    )
    return query.once()
  }
}
