// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Python: a dictionary, a sort, a generator, an exception, a hash. */
import { load, pathIn } from '../packages.mjs'

export async function start() {
  const { loadPyodide } = await load('pyodide', 'pyodide.mjs')
  const python = await loadPyodide({ indexURL: pathIn('pyodide', '') })
  return () =>
    python.runPython(`
import hashlib, json, re
def primes(n):
    found = []
    i = 2
    while len(found) < n:
        if all(i % p for p in found):
            found.append(i)
            yield i
        i += 1
words = sorted(hex(p * 7919) for p in primes(200))
try:
    {}['none']
except KeyError as error:
    words.append(repr(error))
words.append(str(len(re.findall('a[0-9]', ' '.join(words)))))
json.dumps(words) + hashlib.sha256(' '.join(words).encode()).hexdigest()`)
}
