// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// A function that looks like another from outside.

const {
  Proxy,
  apply,
  bind,
  defineProperty,
  deleteProperty,
  getOwnPropertyDescriptor,
  getPrototypeOf,
  ownKeys,
  setPrototypeOf
} = require('./primordials.js')

/**
 * `inner` with the properties of `original`, in their order. It is bound, which
 * hides its source text and costs nothing once a call is optimised.
 */
function disguise(inner, original) {
  const wrapper = bind(inner, undefined)
  setPrototypeOf(wrapper, getPrototypeOf(original))
  const own = ownKeys(wrapper)
  for (let i = 0; i < own.length; i++) deleteProperty(wrapper, own[i])
  const keys = ownKeys(original)
  for (let i = 0; i < keys.length; i++) {
    const descriptor = getOwnPropertyDescriptor(original, keys[i])
    defineProperty(wrapper, keys[i], descriptor)
  }
  return wrapper
}

/**
 * The same for a class. `inner` must be a derived one: a base class would read
 * new.target.prototype to make an object that nobody wants. A class cannot be
 * called, and says so in other words than the engine's, hence the Proxy: it has
 * no trap for `new`, which would cost 0.15 µs.
 */
function disguiseClass(inner, original) {
  const handler = {
    __proto__: null,
    apply: (_, self, args) => apply(original, self, args)
  }
  return new Proxy(disguise(inner, original), handler)
}

module.exports = { disguise, disguiseClass }
