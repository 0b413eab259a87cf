// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The table of JavaScript hosts: its suite, page and results. */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { checkHost } from './check-host.mjs'
import { HOSTS } from './hosts.mjs'
import { prepare } from './stage.mjs'

const SUITE = fileURLToPath(new URL('./suite/', import.meta.url))

/** The suite's files, relative to SUITE, in a fixed order. */
function suiteFiles() {
  const inFolder = (folder) =>
    readdirSync(SUITE + folder)
      .filter((name) => name.endsWith('.mjs'))
      .map((name) => folder + name)
  return [...inFolder(''), ...inFolder('promises/')].sort()
}

/** @type {import('./table.mjs').Table} */
export const JAVASCRIPT = {
  group: 'js',
  title: 'JavaScript hosts',
  about: `Each promise was tried in each host, in a process of its own, by
[test/conformance](../../test/conformance). The notes are from that run.
workerd cannot load the package. It has a shim of its own for the same words, and
runs without limits here: only promises that need nothing of the package are
tried. With limits it has [a page of its own](workerd.md).`,
  page: 'docs/conformance/hosts.md',
  results: new URL('./results.json', import.meta.url),
  hosts: HOSTS,
  suite: () => suiteFiles().map((name) => [name, SUITE + name]),
  prepare: (packageFolder) => prepare(suiteFiles(), SUITE, packageFolder),
  check: checkHost,
  countsApart: false,
  hasNote: ({ verdict }) => verdict === 'partly' || verdict === 'broken'
}
