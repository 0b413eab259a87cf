// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Where the compiler of AssemblyScript is, and Binaryen, which it comes with. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../../../', import.meta.url))

export const COMPILER =
  process.env.WASMSIG_ASC ?? join(ROOT, 'node_modules/assemblyscript')

export const BINARYEN = join(COMPILER, '../binaryen')
