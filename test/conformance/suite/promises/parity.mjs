// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The shim does not change what a program observes. */

/** Checks that `observe` has the same result without the shim and with it. */
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

/** The number of microtasks until a promise is settled; at most 1000. */
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

/** The end of some messages of JavaScriptCore. */
const QUOTATION = / \(evaluating '.*'\)$/

/** Properties of a function of WebAssembly. */
const PROPERTIES = {
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
    promise: 'wrong arguments give the same errors',
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
      if (quoted) partly('messages quote the calling code, which is the shim')
    }
  },
  {
    promise: 'names, lengths and descriptors are the same',
    async run(host) {
      for (const name of ['Instance', 'Module', 'instantiate', 'compile']) {
        for (const [what, get] of Object.entries(PROPERTIES)) {
          await checkSame(host, `${what} of ${name}`, () => get(name))
        }
      }
    }
  },
  {
    promise: 'an instance is an instance, by instanceof and constructor',
    anywhere: true,
    run({ instance, check }) {
      const made = instance('signal')
      check(made instanceof WebAssembly.Instance, 'instanceof is false')
      const { constructor } = made
      check(
        constructor === WebAssembly.Instance,
        'its constructor is different'
      )
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
      same('whether each getter had its own this', seen.join(), 'true,true')
    }
  },
  {
    promise: 'instantiate resolves after the same number of microtasks',
    async run(host) {
      const module = host.module('imported')
      const imports = { env: { memory: newMemory() } }
      await checkSame(host, 'the number of microtasks', () =>
        turns(WebAssembly.instantiate(module, imports))
      )
    }
  },
  {
    promise: 'instantiate rejects after the same number of microtasks',
    async run(host) {
      const module = host.module('imported')
      await checkSame(host, 'the number of microtasks', () =>
        turns(WebAssembly.instantiate(module, {}))
      )
    }
  },
  {
    promise: "instantiate does not call the program's Promise.prototype.then",
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
    promise: "uninstall() restores the engine's own functions",
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
      same('whether all are restored', back, true)
    }
  }
]
