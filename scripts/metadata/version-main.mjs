// SPDX-License-Identifier: Apache-2.0 OR MIT
/** scripts/version [--set X.Y.Z] */
import { fileURLToPath } from 'node:url'

import { checkVersions, setVersion } from './version.mjs'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const USAGE = 'usage: scripts/version [--set X.Y.Z]'

const [option, version, ...rest] = process.argv.slice(2)
const isSetting = option === '--set' && version !== undefined
if (rest.length > 0 || (option !== undefined && !isSetting)) {
  console.error(USAGE)
  process.exit(2)
}

try {
  if (isSetting) {
    for (const file of setVersion(ROOT, version)) console.log(file)
  }
  const wrong = checkVersions(ROOT)
  for (const line of wrong) console.error(line)
  process.exitCode = wrong.length > 0 ? 1 : 0
} catch (error) {
  console.error(`scripts/version: ${error.message}`)
  process.exitCode = 2
}
