// SPDX-License-Identifier: Apache-2.0 OR MIT
// Links of the documentation lead somewhere.
import assert from 'node:assert/strict'
import { join, normalize } from 'node:path'
import { test } from 'node:test'

import { PAGES, PATHS } from './support/pages.mjs'

const isRelative = ({ url }) => !/^[a-z][a-z+.-]*:|^\/\//i.test(url)

/** A link's file and anchor; those of the page itself where it names none. */
function targetOf(page, url) {
  const [file, anchor] = decodeURI(url).split('#')
  if (file === '') return { path: page.path, anchor }
  const path = normalize(join(page.path, '..', file)).replace(/\/$/, '')
  return { path, anchor }
}

const pageAt = new Map(PAGES.map((page) => [page.path, page]))

/** Why a link leads nowhere, or undefined. */
function fault(page, url) {
  const { path, anchor } = targetOf(page, url)
  if (path.startsWith('..')) return 'leads out of the repository'
  if (path !== '.' && !PATHS.has(path)) return `there is no ${path}`
  if (anchor === undefined) return undefined
  const known = pageAt.get(path)?.anchors.has(anchor)
  return known ? undefined : `${path} has no heading #${anchor}`
}

for (const page of PAGES) {
  test(`relative links lead to files and headings: ${page.path}`, () => {
    const faults = page
      .nodes('link', 'image', 'definition')
      .filter(({ node }) => isRelative(node))
      .map(({ node, place }) => [place, node.url, fault(page, node.url)])
      .filter(([, , why]) => why)
      .map((parts) => parts.join(': '))
    assert.deepEqual(faults, [])
  })

  test(`references have definitions: ${page.path}`, () => {
    const names = page.nodes('definition').map(({ node }) => node.identifier)
    const missing = page
      .nodes('linkReference', 'imageReference')
      .filter(({ node }) => !names.includes(node.identifier))
      .map(({ node, place }) => `${place}: ${node.identifier}`)
    assert.deepEqual(missing, [])
  })
}

test('the map leads to every page of docs/', () => {
  const map = pageAt.get('docs/README.md')
  const reached = new Set(
    map.nodes('link').map(({ node }) => targetOf(map, node.url).path)
  )
  const others = PAGES.map(({ path }) => path).filter(
    (path) => /^docs\/(?!README)/.test(path) && !reached.has(path)
  )
  assert.deepEqual(others, [
    // The overview leads to these.
    'docs/conformance/engines.md',
    'docs/conformance/hosts.md',
    'docs/conformance/workerd.md'
  ])
})
