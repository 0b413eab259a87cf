// SPDX-License-Identifier: Apache-2.0 OR MIT
/** An endless loop, stopped. */
import { CpuBudget } from 'wasmsig'

try {
  new CpuBudget({ hard: 20 }).run(() => {
    for (;;);
  })
} catch (error) {
  console.log(error.name)
}
setTimeout(() => console.log('later'), 1)
