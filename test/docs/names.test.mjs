// SPDX-License-Identifier: Apache-2.0 OR MIT
// Names of files of the repository are right, in the documentation and in the
// comments of the sources.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { isFile, looksLikeFile } from './support/names.mjs'
import { OTHERS, isPattern } from './support/others.mjs'
import { FILES, PAGES, ROOT } from './support/pages.mjs'

const isWrong = (name) =>
  looksLikeFile(name) && !isFile(name) && !OTHERS.has(name) && !isPattern(name)

/** Files that the page has its reader write. */
function savedIn(page) {
  return new Set(
    page
      .nodes('paragraph')
      .map(({ node }) => node.children)
      .filter((parts) => parts.at(-1).value === ':')
      .map((parts) => parts.at(-2)?.value)
  )
}

for (const page of PAGES) {
  test(`names of files in backticks are right: ${page.path}`, () => {
    const own = savedIn(page)
    const wrong = page
      .nodes('inlineCode')
      .filter(({ node }) => isWrong(node.value) && !own.has(node.value))
      .map(({ node, place }) => `${place}: ${node.value}`)
    assert.deepEqual(wrong, [])
  })
}

const COMMENTS = {
  c: /\/\*[^]*?\*\/|\/\/.*/g,
  sh: /^\s*#.*/gm
}
const LANGUAGE = {
  c: COMMENTS.c,
  h: COMMENTS.c,
  js: COMMENTS.c,
  mjs: COMMENTS.c,
  ts: COMMENTS.c,
  rs: COMMENTS.c,
  pml: COMMENTS.c,
  txt: COMMENTS.sh
}

/** What the comments of a file name. */
function namesIn(file) {
  const comment = LANGUAGE[file.split('.').at(-1)]
  if (!comment) return []
  const comments = readFileSync(join(ROOT, file), 'utf8').match(comment) ?? []
  // In angle brackets are headers of the system.
  return comments.flatMap(
    (text) => text.match(/(?<![<\w@./*-])[\w@][\w.@/*-]*\w/g) ?? []
  )
}

test('names of files in comments are right', () => {
  const wrong = FILES.flatMap((file) =>
    namesIn(file)
      .filter(isWrong)
      .map((name) => `${file}: ${name}`)
  )
  assert.deepEqual(wrong, [])
})

test('each name that is excused is there', () => {
  const named = new Set([
    ...FILES.flatMap(namesIn),
    ...PAGES.flatMap((page) =>
      page.nodes('inlineCode').map(({ node }) => node.value)
    )
  ])
  assert.deepEqual(
    [...OTHERS].filter((name) => !named.has(name)),
    []
  )
})

/** Every word of the sources that could be a name of ours. */
function namesInSources() {
  const names = new Set()
  for (const file of FILES.filter((name) => !name.endsWith('.md'))) {
    const text = readFileSync(join(ROOT, file), 'latin1')
    for (const [name] of text.matchAll(/\b(?:wasmsig|wsig)_\w+/gi))
      names.add(name)
  }
  return names
}

test('names of functions, types and variables in backticks are right', () => {
  const known = namesInSources()
  /** A name has its beginning in messages of the linker: the part before __. */
  const isKnown = (name) =>
    known.has(name) || [...known].some((one) => one.startsWith(`${name}__`))
  const isUnknown = (word) =>
    /^(wasmsig|wsig)_\w+(\(\))?$/i.test(word) &&
    !isKnown(word.replace('()', ''))
  const wrong = PAGES.flatMap((page) => page.nodes('inlineCode'))
    .filter(({ node }) => isUnknown(node.value))
    .map(({ node, place }) => `${place}: ${node.value}`)
  assert.deepEqual(wrong, [])
})
