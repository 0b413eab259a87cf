// SPDX-License-Identifier: Apache-2.0 OR MIT
/** That a program notices nothing of the shim: each is seen without it too. */

/** What `observe` gives without the shim, and with it, as text. */
async function checkSame({ same, wasmsig }, what, observe) {
  wasmsig.uninstall()
  const plain = JSON.stringify(await observe())
  wasmsig.install()
  const shimmed = JSON.stringify(await observe())
  same(what, shimmed, plain)
}

function describe(error) {
  return [error?.constructor?.name, String(error?.message)]
}

async function ending(action) {
  try {
    const value = action()
    if (!(value instanceof Promise)) return ['returned', typeof value]
    return ['resolved', Object.keys(await value).join()]
  } catch (error) {
    return describe(error)
  }
}

/** How many microtasks pass until a promise is settled; at most 1000. */
async function turns(promise) {
  let settled = false
  const settle = () => (settled = true)
  promise.then(settle, settle)
  let count = 0
  while (!settled && count < 1000) {
    count += 1
    await null
  }
  return count
}

/** What JavaScriptCore puts behind some messages. */
const QUOTATION = / \(evaluating '.*'\)$/

/** What can be seen of a function of WebAssembly. */
const LOOKS = {
  name: (name) => WebAssembly[name].name,
  length: (name) => WebAssembly[name].length,
  descriptor(name) {
    const own = Object.getOwnPropertyDescriptor(WebAssembly, name)
    return { ...own, value: typeof own.value }
  },
  keys: (name) => Reflect.ownKeys(WebAssembly[name]).map(String),
  constructor(name) {
    const { prototype } = WebAssembly[name]
    return prototype?.constructor === WebAssembly[name]
  }
}

const newMemory = () => new WebAssembly.Memory({ initial: 1 })

export const PARITY = [
  {
    promise: 'wrong arguments are answered by the same errors',
    async run(host) {
      const { module, bytes, partly } = host
      let quoted = false
      const [compiled, binary] = [module('imported'), bytes('imported')]
      const actions = [
        () => WebAssembly.instantiate(),
        () => WebAssembly.instantiate(compiled),
        () => WebAssembly.instantiate(compiled, 5),
        () => WebAssembly.instantiate(compiled, {}),
        () => WebAssembly.instantiate(binary, { env: {} }),
        () => WebAssembly.instantiate(new Uint8Array(4)),
        () => WebAssembly.Instance(compiled),
        () => new WebAssembly.Instance(),
        () => new WebAssembly.Instance(compiled, {}),
        () => new WebAssembly.Instance(compiled, { env: { memory: 5 } }),
        () => new WebAssembly.Instance({}),
        () => new WebAssembly.instantiate(compiled)
      ]
      for (const [i, action] of actions.entries()) {
        await checkSame(host, `the error of call ${i + 1}`, async () => {
          const [name, text] = await ending(action)
          quoted ||= QUOTATION.test(text)
          return [name, text.replace(QUOTATION, '')]
        })
      }
      if (quoted) partly('messages quote the code that calls, here the shim')
    }
  },
  {
    promise: 'names, lengths and descriptors are the same',
    async run(host) {
      for (const name of ['Instance', 'Module', 'instantiate', 'compile']) {
        for (const [what, look] of Object.entries(LOOKS)) {
          await checkSame(host, `${what} of ${name}`, () => look(name))
        }
      }
    }
  },
  {
    promise: 'an instance is an instance, by instanceof and constructor',
    anywhere: true,
    run({ instance, check }) {
      const made = instance('signal')
      check(made instanceof WebAssembly.Instance, 'instanceof says no')
      const { constructor } = made
      check(constructor === WebAssembly.Instance, 'its constructor is another')
    }
  },
  {
    promise: 'getters of the imports run once, with their own this',
    anywhere: true,
    run({ instance, same }) {
      const seen = []
      const memory = newMemory()
      const env = {
        get memory() {
          seen.push(this === env)
          return memory
        }
      }
      const imports = {
        get env() {
          seen.push(this === imports)
          return env
        }
      }
      instance('imported', imports)
      same('what the getters saw', seen.join(), 'true,true')
    }
  },
  {
    promise: 'instantiate settles after as many microtasks',
    async run(host) {
      const module = host.module('imported')
      const imports = { env: { memory: newMemory() } }
      await checkSame(host, 'the number of microtasks', () =>
        turns(WebAssembly.instantiate(module, imports))
      )
    }
  },
  {
    promise: 'instantiate is rejected after as many microtasks',
    async run(host) {
      const module = host.module('imported')
      await checkSame(host, 'the number of microtasks', () =>
        turns(WebAssembly.instantiate(module, {}))
      )
    }
  },
  {
    promise: 'no then of the program runs within instantiate',
    async run(host) {
      const module = host.module('signal')
      const { then } = Promise.prototype
      await checkSame(host, 'how often it ran', async () => {
        let calls = 0
        Promise.prototype.then = function (...args) {
          calls += 1
          return Reflect.apply(then, this, args)
        }
        const promise = WebAssembly.instantiate(module)
        await new Promise((resolve) => {
          Reflect.apply(then, promise, [() => setTimeout(resolve, 10)])
        })
        Promise.prototype.then = then
        return calls
      })
    }
  },
  {
    promise: "uninstall() puts the engine's own functions back",
    bare: true,
    run({ same, wasmsig }) {
      const all = () =>
        Object.values(Object.getOwnPropertyDescriptors(WebAssembly)).map(
          ({ value }) => value
        )
      const before = all()
      same('install', wasmsig.install(), true)
      same('a second install', wasmsig.install(), false)
      same('uninstall', wasmsig.uninstall(), true)
      const back = all().every((value, i) => value === before[i])
      same('whether all is as before', back, true)
    }
  }
]
