// SPDX-License-Identifier: Apache-2.0 OR MIT
/** scripts/check-metadata */
import { fileURLToPath } from 'node:url'

import { checkPackages } from './packages.mjs'

const wrong = checkPackages(fileURLToPath(new URL('../../', import.meta.url)))
for (const line of wrong) console.error(line)
process.exitCode = wrong.length > 0 ? 1 : 0
