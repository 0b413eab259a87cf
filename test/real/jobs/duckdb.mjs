// SPDX-License-Identifier: Apache-2.0 OR MIT
/** DuckDB, with exceptions of WebAssembly: groups and windows. */
import { pathIn, require } from '../packages.mjs'

export async function start() {
  const duckdb = require('@duckdb/duckdb-wasm/blocking')
  const dist = (name) => pathIn('@duckdb/duckdb-wasm', `dist/${name}`)
  const bundle = (name) => ({
    mainModule: dist(`duckdb-${name}.wasm`),
    mainWorker: dist(`duckdb-node-${name}.worker.cjs`)
  })
  const bundles = { mvp: bundle('mvp'), eh: bundle('eh') }
  const logger = new duckdb.VoidLogger()
  const db = await duckdb.createDuckDB(bundles, logger, duckdb.NODE_RUNTIME)
  await db.instantiate(() => {})
  const connection = db.connect()
  return () => {
    const table = connection.query(`SELECT k, count(*)::INT c, sum(v)::DOUBLE s,
      md5(string_agg(v::VARCHAR, ',' ORDER BY v)) h
      FROM (SELECT i * 7919 % 101 AS k, (i * 31 % 1009)::INT v FROM range(20000) t(i))
      GROUP BY k ORDER BY k`)
    return table.toArray().map(String)
  }
}
