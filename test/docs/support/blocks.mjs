// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Blocks of code in the documentation, and what comments before them say:
 *
 *     <!-- run by: TEST -->         that test runs or compiles the block
 *     <!-- not checked: REASON -->  nothing checks it, and why
 *     <!-- in: FRAME -->            it is a fragment; frames/FRAME has the rest
 *
 * A comment is about the block that follows it. Before the first heading it is
 * about every block of the page.
 */
import { readFileSync } from 'node:fs'

import { PAGES } from './pages.mjs'

const COMMENT = /^<!-- (run by|not checked|in): ([^]+?)\s*-->$/

/** What a comment says, or null: { 'run by': TEST } and so on. */
function said(node) {
  const parts = node?.type === 'html' && COMMENT.exec(node.value)
  return parts ? { [parts[1]]: parts[2] } : null
}

/** A fragment in its frame, a path from test/docs/. */
export function inFrame(value, frame) {
  const url = new URL(`../${frame}`, import.meta.url)
  const parts = readFileSync(url, 'utf8').split(/^ *\/\* block \*\/\n/m)
  if (parts.length !== 2) throw new Error(`${frame} has no /* block */`)
  return `${parts[0]}${value}\n${parts[1]}`
}

const whole = (value, frame) =>
  frame ? inFrame(value, `frames/${frame}`) : `${value}\n`

function blocksOf(page) {
  const top = page.tree.children
  const heading = top.findIndex(({ type }) => type === 'heading')
  const ofPage = top.slice(0, heading).map(said).find(Boolean) ?? {}
  return page.nodes('code').map(({ node, place }) => {
    const before = top[top.indexOf(node) - 1]
    const own = said(before) ?? ofPage
    return {
      page,
      place,
      language: node.lang,
      runBy: own['run by'],
      reason: own['not checked'],
      frame: own.in,
      code: whole(node.value, own.in)
    }
  })
}

export const BLOCKS = PAGES.flatMap(blocksOf)

/** Those that are checked where they stand, in one of these languages. */
export const checked = (...languages) =>
  BLOCKS.filter(
    ({ language, runBy, reason }) =>
      languages.includes(language) && !runBy && !reason
  )
