// SPDX-License-Identifier: Apache-2.0 OR MIT
/** SQLite: fills a table, and sums it up by groups. */
import { require } from '../packages.mjs'

export async function start() {
  const SQL = await require('sql.js')()
  return () => {
    const db = new SQL.Database()
    db.run(`CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT, c REAL);
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 5000)
      INSERT INTO t SELECT i, hex(i * 7919 % 1000), i / 7.0 FROM n;`)
    const rows =
      db.exec(`SELECT substr(b, 1, 2) AS k, count(*), round(sum(c), 3)
      FROM t GROUP BY k ORDER BY k`)
    db.close()
    return rows
  }
}
