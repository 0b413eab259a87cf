// SPDX-License-Identifier: Apache-2.0 OR MIT
// count.mjs FILE MOST: makes instances until one fails, or there are MOST.
// Prints each thousandth, and at the end how many there are, and the address
// space of the process.
import { readFileSync } from 'node:fs'
import process from 'node:process'

const [file, most] = process.argv.slice(2)
const module = new WebAssembly.Module(readFileSync(file))
const instances = []
const print = () => {
  const [pages] = readFileSync('/proc/self/statm', 'utf8').split(' ')
  const gib = Math.round((pages * 4096) / 2 ** 30)
  console.log(`${instances.length} instances, ${gib} GiB of addresses`)
}
try {
  while (instances.length < Number(most)) {
    instances.push(new WebAssembly.Instance(module))
    if (instances.length % 1000 === 0) print()
  }
  console.log('more fit')
} catch (error) {
  console.log(error.message)
}
print()
