// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Kills a call in a budget of CommonJS, and checks the error in the ES module.
 */
const { CpuBudget } = require('wasmsig')

import('wasmsig').then(({ CpuLimitError }) => {
  try {
    new CpuBudget({ hard: 2 }).run(() => {
      while (true);
    })
  } catch (error) {
    console.log(error instanceof CpuLimitError)
  }
})
