// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A guest in an engine that knows nothing of signals: the test is its host. */

export const UNHOSTED = 0xffff
export const UNKNOWN = 0xffffffffffffffffn

/** @param {WebAssembly.Module} module one that imports nothing */
export function start(module, imports = {}) {
  const { exports } = new WebAssembly.Instance(module, imports)
  const at = (name) => exports[name].value
  const view = () => new DataView(exports.memory.buffer)
  return {
    exports,
    word: () => view().getUint32(at('__instance_signal'), true),
    setWord: (value) => view().setUint32(at('__instance_signal'), value, true),
    set: () => view().getBigUint64(at('__instance_signal_pending'), true),
    handled: () => view().getBigUint64(at('__instance_signal_handled'), true),
    setSet: (value) =>
      view().setBigUint64(at('__instance_signal_pending'), value, true)
  }
}

/** What a host does first; one may know only the word. */
export function host(guest, { knowsSet = true } = {}) {
  guest.setWord(0)
  if (knowsSet) guest.setSet(0n)
  return guest
}

export const bit = (signal) => 1n << BigInt(signal - 1)

/** What a host does that knows the pending set. */
export function raise(guest, signal) {
  guest.setSet(guest.set() | bit(signal))
  guest.setWord(signal)
}
