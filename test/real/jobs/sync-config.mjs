// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Dart, with garbage collection: rewrites a configuration. */
import { load, read } from '../packages.mjs'

const CONFIG = Array.from(
  { length: 30 },
  (_, i) => `  bucket${i}:
    parameters: SELECT request.user_id() AS user_id
    data:
      - SELECT * FROM lists${i} WHERE owner_id = bucket.user_id
      - SELECT id, name AS n FROM items WHERE owner_id = bucket.user_id
`
)

export async function start() {
  const name = '@powersync-community/sync-config-rewriter'
  const { instantiate } = await load(name, 'lib/index.js')
  const rewriter = await instantiate(read(name, 'lib/compiled.wasm'))
  return () =>
    rewriter.syncRulesToSyncStreams(`bucket_definitions:\n${CONFIG.join('')}`)
}
