// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Replaces the namespace WebAssembly in a host that has none, such as
// `node --jitless`: no object is a module, an instance or a memory there.
// Budgets of JavaScript, signals and inspect(bytes) work all the same.

function refuse() {
  throw new TypeError('this host has no WebAssembly')
}

class Module {
  static exports = refuse
  static imports = refuse
}

class Instance {
  get exports() {
    return refuse()
  }
}

class Memory {
  get buffer() {
    return refuse()
  }
}

class Global {
  get value() {
    return refuse()
  }
}

module.exports = { Module, Instance, Memory, Global, validate: () => false }
