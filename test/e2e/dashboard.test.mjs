// SPDX-License-Identifier: Apache-2.0 OR MIT
/** examples/server/grafana.json shows the metrics that server.js has. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { parser } from '@prometheus-io/lezer-promql'
import { buildPlugins, startServer } from './support/server.mjs'
import { samplesOf } from '../support/samples.mjs'

const FILE = new URL('../../examples/server/grafana.json', import.meta.url)
const dashboard = JSON.parse(readFileSync(FILE, 'utf8'))

/** What Grafana puts in place of its variables. */
const VARIABLES = { $__rate_interval: '1m', $tenant: '.*' }

let plugins
before(async () => (plugins = await buildPlugins()))
after(() => plugins.remove())

/** All queries: { panel, expr }. */
const queries = dashboard.panels.flatMap(({ title, targets }) =>
  targets.map(({ expr }) => ({ panel: title, expr }))
)

/** Metrics and labels that a query in PromQL names. */
function namesIn(expr) {
  let query = expr
  for (const [name, value] of Object.entries(VARIABLES))
    query = query.replaceAll(name, value)
  const names = { metrics: [], labels: [] }
  parser.parse(query).iterate({
    enter({ type, from, to, node }) {
      assert.ok(!type.isError, `no PromQL at ${from}: ${query}`)
      const text = query.slice(from, to)
      if (type.name === 'Identifier') names.metrics.push(text)
      if (type.name === 'LabelName') names.labels.push(text)
    }
  })
  return names
}

/** The series of a server that has stopped a guest, by name: their labels. */
async function seriesOf(t) {
  const server = await startServer(t, 'server.js', plugins.folder)
  await server.ask('hog')
  const series = new Map()
  for (const { name, labels } of samplesOf(await server.page('metrics')))
    series.set(name, [...(series.get(name) ?? []), ...Object.keys(labels)])
  return series
}

test('each metric and label of a panel is on the metrics page', async (t) => {
  const series = await seriesOf(t)
  assert.ok(queries.length > 0)
  for (const { panel, expr } of queries) {
    const { metrics, labels } = namesIn(expr)
    assert.ok(metrics.length > 0, `${panel} queries no metric`)
    for (const metric of metrics) {
      assert.ok(series.has(metric), `${panel}: no ${metric} on the page`)
      for (const label of labels)
        assert.ok(series.get(metric).includes(label), `${metric}: no ${label}`)
    }
  }
})

test('each metric of the page is in a panel', async (t) => {
  const shown = queries.flatMap(({ expr }) => namesIn(expr).metrics)
  for (const name of (await seriesOf(t)).keys())
    assert.ok(shown.includes(name), `no panel shows ${name}`)
})

test('the variables that queries use are those of the dashboard', () => {
  const known = dashboard.templating.list.map(({ name }) => name)
  for (const { expr } of queries)
    for (const [, name] of expr.matchAll(/\$(\w+)/g))
      assert.ok(name === '__rate_interval' || known.includes(name), name)
})
