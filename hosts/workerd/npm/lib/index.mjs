// SPDX-License-Identifier: Apache-2.0 OR MIT
import wasmsigWorkerd from './index.js'

export const { WorkerdError, environment } = wasmsigWorkerd
