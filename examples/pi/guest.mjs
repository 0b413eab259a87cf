// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A fresh instance of the guest that computes pi (pi.c). */

/**
 * @param {WebAssembly.Module} module
 * @param {() => number} [readCpuMs] read at the moment when the guest is told
 */
export function startGuest(module, readCpuMs = () => 0) {
  const heard = []
  const told = (signal) => {
    const cpuMs = readCpuMs()
    heard.push({ signal, cpuMs, at: process.hrtime.bigint() })
  }
  const { exports } = new WebAssembly.Instance(module, { host: { told } })
  const digits = (count) =>
    Buffer.from(exports.memory.buffer, exports.digits(), count).toString()
  return { exports, heard, digits }
}
