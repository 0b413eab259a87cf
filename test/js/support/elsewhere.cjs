// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
/** Loaded first: the process, and each of its workers, is on another system. */
const [platform, arch] = process.env.PRETENDED_SYSTEM.split('-')
Object.defineProperty(process, 'platform', { value: platform })
Object.defineProperty(process, 'arch', { value: arch })
