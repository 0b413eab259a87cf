// SPDX-License-Identifier: Apache-2.0 OR MIT
// The same objects for ES modules: WebAssembly is wrapped once in a process.
import wasmsig from './index.js'

export const {
  CpuBudget,
  CpuLimitError,
  SIGNALS,
  capabilities,
  clear,
  forward,
  inspect,
  install,
  kill,
  limitCpu,
  raise,
  stats,
  terminate,
  track,
  uninstall
} = wasmsig
