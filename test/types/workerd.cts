// SPDX-License-Identifier: Apache-2.0 OR MIT
// Compiled, never run: the same types by require.
import workerd = require('wasmsig-workerd')

const limits: workerd.WorkerdLimits = { startupLimit: 1000, log: '-' }
export const variables: Record<string, string> = workerd.environment(limits)
