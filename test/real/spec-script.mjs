// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Evaluates the commands that wasm-tools makes of a .wast file, in this host.
 */

const HEAP_TYPES = { externref: 'extern', anyref: 'any', hostref: 'host' }

/** Host values of the script's `(ref.extern N)`: the same object for one N. */
function hostValues() {
  const values = new Map()
  return (number) => {
    if (!values.has(number))
      values.set(number, { [HEAP_TYPES.hostref]: number })
    return values.get(number)
  }
}

const floatOf = (bits, isDouble) => {
  const view = new DataView(new ArrayBuffer(8))
  if (isDouble) view.setBigUint64(0, BigInt(bits))
  else view.setUint32(0, Number(bits))
  return isDouble ? view.getFloat64(0) : view.getFloat32(0)
}

function argumentOf({ type, value }, hostValue) {
  switch (type) {
    case 'i32':
      return Number(value) | 0
    case 'i64':
      return BigInt.asIntN(64, BigInt(value))
    case 'f32':
    case 'f64':
      return /nan/.test(value) ? NaN : floatOf(value, type === 'f64')
    case 'v128':
      throw new Error('a vector cannot be called with')
    default:
      return value === 'null' || value === undefined ? null : hostValue(value)
  }
}

/** -0 and 0 differ; functions and objects of a guest are only of their kind. */
function textOf(value) {
  if (Array.isArray(value)) return `[${value.map(textOf).join()}]`
  if (Object.is(value, -0)) return '-0'
  if (typeof value === 'bigint') return `${value}n`
  if (typeof value === 'function') return 'function'
  if (typeof value === 'object' && value !== null)
    return HEAP_TYPES.hostref in value
      ? `host ${value[HEAP_TYPES.hostref]}`
      : 'object'
  return String(value)
}

/** The text of an error, without offsets, which the polls move. */
function errorText(error) {
  if (error instanceof WebAssembly.Exception) return 'exception'
  const text = `${error?.name}: ${error?.message}`
  if (/type incompatibility when transforming/.test(text))
    return 'cannot be called from JavaScript'
  return text
    .replaceAll(/[@+]\+?(0x)?[0-9a-f]+\b/gi, '@')
    .replaceAll(/#\d+/g, '#')
    .slice(0, 200)
}

function spectest() {
  const print = () => {}
  const names = ['', '_i32', '_i64', '_f32', '_f64', '_i32_f32', '_f64_f64']
  const { Global, Memory, Table } = WebAssembly
  return {
    ...Object.fromEntries(names.map((name) => [`print${name}`, print])),
    global_i32: new Global({ value: 'i32' }, 666),
    global_i64: new Global({ value: 'i64' }, 666n),
    global_f32: new Global({ value: 'f32' }, 666.6),
    global_f64: new Global({ value: 'f64' }, 666.6),
    table: new Table({ initial: 10, maximum: 20, element: 'anyfunc' }),
    memory: new Memory({ initial: 1, maximum: 2 })
  }
}

class Script {
  constructor(read) {
    this.read = read
    this.hostValue = hostValues()
    this.registered = { spectest: spectest() }
    this.definitions = {}
    this.instances = {}
    this.last = null
  }

  compiled({ filename, binary_filename: binary }, isValid) {
    return new WebAssembly.Module(this.read(binary ?? filename, isValid))
  }

  instantiate(module, name) {
    const { exports } = new WebAssembly.Instance(module, this.registered)
    this.last = exports
    if (name !== undefined) this.instances[name] = exports
    return 'instantiated'
  }

  perform({ type, module, field, args = [] }) {
    const exports = module === undefined ? this.last : this.instances[module]
    if (exports == null) throw new Error('its module is missing')
    if (type === 'get') return textOf(exports[field].value)
    const values = args.map((one) => argumentOf(one, this.hostValue))
    return textOf(exports[field](...values))
  }

  run(command) {
    switch (command.type) {
      case 'module':
        this.last = null
        return this.instantiate(this.compiled(command, true), command.name)
      case 'module_definition':
        this.definitions[command.name ?? ''] = this.compiled(command, true)
        return 'compiled'
      case 'module_instance':
        return this.instantiate(
          this.definitions[command.module ?? ''],
          command.instance
        )
      case 'register':
        this.registered[command.as] =
          command.name === undefined ? this.last : this.instances[command.name]
        return 'registered'
      case 'assert_unlinkable':
      case 'assert_uninstantiable':
        return this.instantiate(this.compiled(command, true))
      case 'assert_invalid':
      case 'assert_malformed':
        return command.module_type === 'text'
          ? 'text'
          : (this.compiled(command, false), 'compiled')
      default:
        return this.perform(command.action)
    }
  }
}

/**
 * @param {object[]} commands
 * @param {(name: string, isValid: boolean) => Uint8Array} read a module's bytes
 * @returns {{ line: number, type: string, outcome: string }[]}
 */
export async function evaluate(commands, read) {
  const script = new Script(read)
  return commands.map((command) => {
    let outcome
    try {
      outcome = script.run(command)
    } catch (error) {
      outcome = errorText(error)
    }
    return { line: command.line, type: command.type, outcome }
  })
}
