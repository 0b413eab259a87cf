// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Finds the dependencies between files, from `#include`s, imports and the symbols
 * of objects. It draws them, and reports an error where
 *
 *  1. a folder uses a folder of the same row, of a row above, or one that
 *     layers.json lists as apart
 *  2. files use each other in a circle
 *  3. layers.json lists an arrow or a circle that no longer exists
 *  4. the picture in CONTRIBUTING.md differs from the drawn one
 *
 * layers.json: `rows` from the top; `apart`, pairs that the rows would allow;
 * `upward`, arrows that are known, from a file or folder to another; `circles`
 * that are known; `leftOut`, files that are not drawn. Each with its reason.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { addEdge, circlesOf } from './graph.mjs'
import { compilationsOf, usesByObject } from './objects.mjs'
import { picture, wrongPicture } from './picture.mjs'
import { filesIn, usesBySource } from './sources.mjs'

/* ----------------------------------------------------------------- folders */

/** The names of layers.json, with the row of each: 0 is the top. */
function rowsOf(layers) {
  const rows = new Map()
  layers.rows.forEach((row, number) =>
    row.forEach((folder) => rows.set(folder, number))
  )
  return rows
}

/** The longest name that is the file or a folder around it, or undefined. */
function folderOf(file, rows) {
  for (let name = file; name !== '.' && name !== ''; name = parentOf(name))
    if (rows.has(name)) return name
  return undefined
}

/** Whether `file` is `name`, or is in that folder. */
const isWithin = (file, name) => file === name || file.startsWith(`${name}/`)

const parentOf = (path) => path.slice(0, Math.max(0, path.lastIndexOf('/')))

/** The `uses` between two different folders, with both folders. */
function arrowsOf(uses, rows) {
  return uses
    .map((use) => ({
      ...use,
      source: folderOf(use.from, rows),
      target: folderOf(use.to, rows)
    }))
    .filter(({ source, target }) => source && target && source !== target)
}

/* ------------------------------------------------------------------ errors */

const describe = ({ from, to, what }) =>
  what === 'includes' || what === 'imports'
    ? `${from} ${what} ${to}`
    : `${from} uses ${what} of ${to}`

function wrongArrows(arrows, rows, { apart, upward }) {
  const isApart = ({ source, target }) =>
    apart.some(
      ({ folders, from }) => folders.includes(source) && from.includes(target)
    )
  const isWrong = (arrow) =>
    rows.get(arrow.source) >= rows.get(arrow.target) || isApart(arrow)
  const wrong = arrows.filter(isWrong)
  const isOf = (arrow, { from, to }) =>
    isWithin(arrow.from, from) && isWithin(arrow.to, to)
  const unknown = wrong.filter((a) => !upward.some((known) => isOf(a, known)))
  const gone = upward.filter((known) => !wrong.some((a) => isOf(a, known)))
  return [
    ...unknown.map(
      (a) => `${a.source} may not use ${a.target}: ${describe(a)}`
    ),
    ...gone.map(({ from, to }) => `a known arrow has gone: ${from} to ${to}`)
  ]
}

function misplaced(files, rows, leftOut) {
  const gone = leftOut.filter(({ file }) => !files.includes(file))
  const unplaced = files
    .filter((file) => /\.(c|h|S|js|mjs|cjs)$/.test(file))
    .filter((file) => file.includes('/') && !folderOf(file, rows))
  return [
    ...unplaced.map((file) => `${file}: its folder is in no row`),
    ...gone.map(({ file }) => `${file}: left out, and not there`)
  ]
}

const keyOf = (files) => [...files].sort().join(' ')

/** A shortest way around a circle from its first file, as uses. */
function wayAround(circle, uses) {
  const [first] = circle
  const ways = [[first, []]]
  const entered = new Set()
  for (const [file, way] of ways)
    for (const use of uses) {
      if (use.from !== file || use.to === file) continue
      if (use.to === first) return [...way, use]
      if (!circle.includes(use.to) || entered.has(use.to)) continue
      entered.add(use.to)
      ways.push([use.to, [...way, use]])
    }
  return []
}

function wrongCircles(uses, known) {
  const graph = new Map()
  for (const { from, to } of uses) if (from !== to) addEdge(graph, from, to)
  const circles = circlesOf(graph)
  const isKnown = new Set(known.map(({ files }) => keyOf(files)))
  const isThere = new Set(circles.map(keyOf))
  return [
    ...circles
      .filter((circle) => !isKnown.has(keyOf(circle)))
      .map((circle) =>
        [`a new circle of files: ${circle.join(', ')}`]
          .concat(wayAround(circle, uses).map((use) => `    ${describe(use)}`))
          .join('\n')
      ),
    ...known
      .filter(({ files }) => !isThere.has(keyOf(files)))
      .map(({ files }) => `a known circle has gone: ${keyOf(files)}`)
  ]
}

/* ------------------------------------------------------------------- check */

/** The errors in a repository, one text each. */
export function check({ root, build, write }) {
  const layers = JSON.parse(
    readFileSync(join(root, 'scripts/layers/layers.json'), 'utf8')
  )
  const rows = rowsOf(layers)
  const all = filesIn(root)
  const left = new Set(layers.leftOut.map(({ file }) => file))
  const isDrawn = (file) =>
    rows.get(folderOf(file, rows)) > 0 && !left.has(file)
  const compilations = compilationsOf(root, build).filter(({ file }) =>
    isDrawn(file)
  )
  const folders = [...new Set(compilations.flatMap((c) => c.folders))]
  const byObject = usesByObject(compilations)
  const bySource = usesBySource(root, all.filter(isDrawn), folders, all)
  const arrows = arrowsOf([...byObject, ...bySource], rows)
  return [
    ...misplaced(all, rows, layers.leftOut),
    ...new Set(wrongArrows(arrows, rows, layers)),
    ...wrongCircles([...byObject, ...bySource], layers.circles),
    ...wrongPicture(root, picture(layers, arrows, rows), write)
  ]
}
