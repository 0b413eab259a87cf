// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Graphs as Map(node, Set(node)): each node with the nodes that it uses. */

export function addEdge(graph, from, to) {
  if (!graph.has(from)) graph.set(from, new Set())
  if (!graph.has(to)) graph.set(to, new Set())
  graph.get(from).add(to)
}

/**
 * The groups of nodes in which each reaches each other, by Tarjan's algorithm:
 * a group is complete when its first node has been left and none of them
 * reaches a node that was entered earlier and is still open.
 */
function groupsOf(graph) {
  const entered = new Map()
  const earliest = new Map()
  const open = []
  const groups = []

  const visit = (node) => {
    entered.set(node, entered.size)
    earliest.set(node, entered.get(node))
    open.push(node)
    for (const next of graph.get(node)) {
      if (!entered.has(next)) visit(next)
      else if (!open.includes(next)) continue
      const reached = Math.min(earliest.get(node), earliest.get(next))
      earliest.set(node, reached)
    }
    if (earliest.get(node) !== entered.get(node)) return
    groups.push(open.splice(open.indexOf(node)))
  }

  for (const node of graph.keys()) if (!entered.has(node)) visit(node)
  return groups
}

/** The circles of a graph, each as the sorted list of its nodes. */
export function circlesOf(graph) {
  return groupsOf(graph)
    .filter((group) => group.length > 1)
    .map((group) => group.sort())
    .sort()
}
