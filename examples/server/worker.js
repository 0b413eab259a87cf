// SPDX-License-Identifier: Apache-2.0 OR MIT
import { callPlugin } from './plugin.js'

/** Runs in a thread of a pool. */
export default ({ module, n, limits }) => callPlugin(module, n, limits)
