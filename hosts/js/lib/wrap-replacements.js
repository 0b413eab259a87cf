// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// Functions that somebody put in the place of the engine's before us: a
// polyfill, a tool that watches. They get what they would get without us (the
// imports object itself, `this`, new.target), and what they answer goes on as
// it is, whatever it is.
//
// What is looked at afterwards is what no code of theirs can notice: an instance
// of the engine, or an object with own properties `module` and `instance`. A
// memory that the module imports is not looked for: only the engine knows what
// it has read. Such an instance runs untracked ('no-memory').

const { isPromise, isProxy } = require('node:util').types

const { adopt } = require('./instances.js')
const modules = require('./modules.js')
const { whenTheirsIsFulfilled } = require('./promise-hook.js')
const {
  Proxy,
  apply,
  construct,
  getOwnPropertyDescriptor
} = require('./primordials.js')

function take(instance, module) {
  if (!modules.exportsWords(instance)) return
  const plan = modules.planOf(module)
  if (plan && modules.canBeOf(instance, module))
    adopt(instance, plan, undefined)
}

function ownValue(object, name) {
  return getOwnPropertyDescriptor(object, name)?.value
}

/** Looks at what was answered; never throws. */
function look(answer, source) {
  try {
    if (typeof answer !== 'object' || answer === null || isProxy(answer)) return
    if (modules.isInstance(answer)) take(answer, source)
    else take(ownValue(answer, 'instance'), ownValue(answer, 'module'))
  } catch {
    // not the engine's
  }
}

function wrapForeignInstance(original, installation) {
  const wrapper = new Proxy(original, {
    __proto__: null,
    construct(target, args, newTarget) {
      const made = construct(
        target,
        args,
        newTarget === wrapper ? target : newTarget
      )
      if (installation.active) look(made, args[0])
      return made
    }
  })
  return wrapper
}

function wrapForeignInstantiate(original, installation) {
  return new Proxy(original, {
    __proto__: null,
    apply(target, self, args) {
      const answer = apply(target, self, args)
      if (!installation.active || !isPromise(answer)) return answer
      const source = args[0]
      return whenTheirsIsFulfilled(answer, installation, (value) =>
        look(value, source)
      )
    }
  })
}

module.exports = { wrapForeignInstance, wrapForeignInstantiate }
