// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Fetches every executable that the tests use, before they begin: tests that
 * run at the same time would find one of which a part is there.
 */
import { VERSIONS, executable } from './runtime.mjs'

for (const version of VERSIONS)
  for (const processor of ['64', 'arm64']) executable(version, processor)
