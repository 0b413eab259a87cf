// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Wrappers for functions that other code has put in the place of the engine's
// before this package was installed: a polyfill, a monitoring tool. They
// receive what they would receive without this package (the imports object
// itself, `this`, new.target), and their result is passed on as it is.
//
// A wrapper then reads only what their code cannot notice: an instance of the
// engine, or an object with own properties `module` and `instance`. It does not
// look for an imported memory: only the engine knows what it has read. Such an
// instance runs untracked ('no-memory').

const { isPromise, isProxy } = require('node:util').types

const { canBeOf, exportsWords, isInstance } = require('./engine-objects.js')
const { adopt } = require('./instances.js')
const {
  Proxy,
  apply,
  construct,
  getOwnPropertyDescriptor
} = require('./primordials.js')
const { whenReplacementFulfils } = require('./promise-hook.js')
const { planOf } = require('./tracking-plan.js')

function adoptInstance(instance, module) {
  if (!exportsWords(instance)) return
  const plan = planOf(module)
  if (plan && canBeOf(instance, module)) adopt(instance, plan, undefined)
}

function ownValue(object, name) {
  return getOwnPropertyDescriptor(object, name)?.value
}

/** Tracks the instance in a result, if there is one; never throws. */
function readResult(result, source) {
  try {
    if (typeof result !== 'object' || result === null || isProxy(result)) return
    if (isInstance(result)) adoptInstance(result, source)
    else adoptInstance(ownValue(result, 'instance'), ownValue(result, 'module'))
  } catch {
    // not the engine's
  }
}

function wrapReplacedInstance(original, installation) {
  const wrapper = new Proxy(original, {
    __proto__: null,
    construct(target, args, newTarget) {
      const made = construct(
        target,
        args,
        newTarget === wrapper ? target : newTarget
      )
      if (installation.active) readResult(made, args[0])
      return made
    }
  })
  return wrapper
}

function wrapReplacedInstantiate(original, installation) {
  return new Proxy(original, {
    __proto__: null,
    apply(target, self, args) {
      const result = apply(target, self, args)
      if (!installation.active || !isPromise(result)) return result
      const source = args[0]
      return whenReplacementFulfils(result, installation, (value) =>
        readResult(value, source)
      )
    }
  })
}

module.exports = { wrapReplacedInstance, wrapReplacedInstantiate }
