// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Lays out a graph. */
import { load, numbers } from '../packages.mjs'

export async function start() {
  const { Graphviz } = await load('@hpcc-js/wasm-graphviz')
  const graphviz = await Graphviz.load()
  const next = numbers(11)
  const edges = Array.from(
    { length: 60 },
    () => `${next() % 30} -> ${next() % 30}`
  )
  const graph = `digraph { ${edges.join('; ')} }`
  return () => graphviz.layout(graph, 'svg', 'dot')
}
