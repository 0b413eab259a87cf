// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
/** Requires all that the package has, where it may be able to do nothing. */
const { Instance } = WebAssembly
const [wasmsig, { registerPrometheus }] = [
  ...['wasmsig', 'wasmsig/metrics', 'wasmsig/register', 'wasmsig/instrument']
].map((name) => require(name))

/** (func (export "f") (loop (br 0))): one export, unless it is instrumented. */
const LOOP = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0],
  ...[7, 5, 1, 1, 102, 0, 0, 10, 9, 1, 7, 0, 3, 64, 12, 0, 11, 11]
)

console.log(
  JSON.stringify({
    supported: wasmsig.capabilities.supported,
    wraps: WebAssembly.Instance !== Instance,
    exports: WebAssembly.Module.exports(new WebAssembly.Module(LOOP)).length,
    metrics: typeof registerPrometheus
  })
)
