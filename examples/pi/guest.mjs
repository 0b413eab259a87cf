// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A fresh instance of the guest that computes pi (pi.c). */

/**
 * @param {WebAssembly.Module} module
 * @param {() => number} [readCpuMs] read when the guest receives a signal
 */
export function startGuest(module, readCpuMs = () => 0) {
  const signals = []
  const received = (signal) => {
    const cpuMs = readCpuMs()
    signals.push({ signal, cpuMs, at: process.hrtime.bigint() })
  }
  const { exports } = new WebAssembly.Instance(module, { host: { received } })
  const digits = (count) =>
    Buffer.from(exports.memory.buffer, exports.digits(), count).toString()
  return { exports, signals, digits }
}
