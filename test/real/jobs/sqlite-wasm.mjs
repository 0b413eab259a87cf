// SPDX-License-Identifier: Apache-2.0 OR MIT
/** SQLite, from its own project: sorts and joins. */
import { load, read } from '../packages.mjs'

export async function start() {
  globalThis.self ??= globalThis
  globalThis.location ??= new URL('http://host/')
  const file = 'sqlite-wasm/jswasm/sqlite3.wasm'
  const headers = { 'Content-Type': 'application/wasm' }
  globalThis.fetch = async () =>
    new Response(read('@sqlite.org/sqlite-wasm', file), { headers })
  const { default: init } = await load(
    '@sqlite.org/sqlite-wasm',
    'sqlite-wasm/jswasm/sqlite3.mjs'
  )
  const sqlite3 = await init({ print() {}, printErr() {} })
  return () => {
    const db = new sqlite3.oo1.DB(':memory:')
    db.exec(`CREATE TABLE a (x INTEGER, y TEXT);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 3000)
      INSERT INTO a SELECT i * 31 % 997, printf('%05d', i) FROM n;`)
    const rows = db.exec({
      sql: `SELECT p.x, min(q.y), count(*) FROM a p JOIN a q USING (x)
        GROUP BY p.x ORDER BY 3 DESC, 1 LIMIT 50`,
      returnValue: 'resultRows'
    })
    db.close()
    return rows
  }
}
