// SPDX-License-Identifier: Apache-2.0 OR MIT
/** PostgreSQL: a table, an index, a window function. */
import { load } from '../packages.mjs'

export async function start() {
  const { PGlite } = await load('@electric-sql/pglite')
  const db = await PGlite.create()
  return async () => {
    await db.exec(`DROP TABLE IF EXISTS t;
      CREATE TABLE t AS SELECT i, md5(i::text) AS h, i * 7919 % 101 AS k
      FROM generate_series(1, 2000) i; CREATE INDEX ON t (k);`)
    const { rows } = await db.query(`SELECT k, h, rank() OVER (PARTITION BY k
      ORDER BY h) r FROM t WHERE k < 5 ORDER BY k, r`)
    return rows
  }
}
