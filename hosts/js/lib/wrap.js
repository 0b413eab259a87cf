// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Wrappers that look like the function that they wrap.

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
function wrapFunction(inner, original) {
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
 * new.target.prototype to make an object that is not used. A class cannot be
 * called, and its error for that has another text than the engine's, hence the
 * Proxy: it has no trap for `new`, which would cost 0.15 µs.
 */
function wrapClass(inner, original) {
  const handler = {
    __proto__: null,
    apply: (_, self, args) => apply(original, self, args)
  }
  return new Proxy(wrapFunction(inner, original), handler)
}

/** Gives a function that uses its `this` the name and length of another. */
function nameLike(wrapper, original) {
  for (const name of ['name', 'length']) {
    Object.defineProperty(wrapper, name, {
      value: original[name],
      configurable: true
    })
  }
  return wrapper
}

module.exports = { nameLike, wrapClass, wrapFunction }
