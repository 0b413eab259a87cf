// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Parts of a Markdown file that are generated: each is between two comments. */

/**
 * `text` with `inner` between the comments `NAME: begin` and `NAME: end`. A
 * comment ends a block of Markdown, so that no blank line is needed.
 */
export function between(text, name, inner) {
  const begin = `<!-- ${name}: begin -->`
  const end = `<!-- ${name}: end -->`
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`there is no ${begin} ... ${end}`)
  return `${text.slice(0, from)}${begin}\n${inner}\n${text.slice(to)}`
}
