// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * A guess at what made a module, for the table only: no test depends on it.
 */

/** Each rule sees what describe() found. The first that holds names the tool. */
const RULES = [
  [
    '.NET assembly (Webcil)',
    ({ imports }) => imports.some(fromModule('webcil'))
  ],
  [
    'AssemblyScript',
    ({ custom, exports, tools }) =>
      custom.some((name) => /assemblyscript/i.test(name)) ||
      tools.some((tool) => /assemblyscript/i.test(tool)) ||
      has(exports, '__pin', '__new') ||
      has(exports, '__alloc', '__retain')
  ],
  [
    'TinyGo',
    ({ tools, imports, exports }) =>
      tools.some((tool) => /tinygo/i.test(tool)) ||
      has(exports, 'go_scheduler') ||
      imports.some(
        ({ module, name }) =>
          module === 'gojs' &&
          /runtime.ticks/.test(name) &&
          has(exports, 'malloc')
      )
  ],
  [
    'Go',
    ({ tools, imports }) =>
      tools.some((tool) => /^Go /.test(tool)) ||
      imports.some(({ module }) => module === 'gojs' || module === 'go')
  ],
  [
    'Dart',
    ({ imports, usesGc }) => usesGc && imports.some(fromModule('dart2wasm'))
  ],
  [
    'Kotlin',
    ({ imports, usesGc }) =>
      usesGc && imports.some(({ name }) => /^kotlin\./.test(name))
  ],
  [
    'wasm-bindgen',
    ({ tools, imports, exports }) =>
      tools.some((tool) => /^wasm-bindgen/.test(tool)) ||
      imports.some(({ name }) => /^__wb(g|indgen)_/.test(name)) ||
      exports.some(({ name }) => /^__wbindgen_/.test(name))
  ],
  ['Rust', ({ tools }) => tools.some((tool) => /^rustc|^Rust /.test(tool))],
  [
    'Zig',
    ({ tools, custom }) =>
      tools.some((tool) => /zig/i.test(tool)) || custom.includes('.zig')
  ],
  [
    'emscripten, library',
    ({ custom, imports }) =>
      custom.includes('dylink.0') &&
      imports.some(({ name }) => name === '__memory_base')
  ],
  [
    'emscripten',
    ({ imports, exports }) =>
      imports.some(
        ({ module, name }) =>
          /^_?emscripten_|^__syscall|^invoke_|^_embind|^_abort_js/.test(name) ||
          (module.length === 1 && name.length <= 2)
      ) || exports.some(({ name }) => /^_emscripten_|^__em_/.test(name))
  ],
  ['Swift', ({ tools }) => tools.some((tool) => /swift/i.test(tool))],
  ['LLVM (C)', ({ tools }) => tools.some((tool) => /clang|LLVM/.test(tool))]
]

function fromModule(wanted) {
  return ({ module }) => module === wanted
}

function has(exported, ...names) {
  return names.every((name) => exported.some((one) => one.name === name))
}

const TRAITS = [
  ['asyncify', ({ exports }) => has(exports, 'asyncify_start_unwind')],
  ['threads', ({ imports }) => imports.some(({ isShared }) => isShared)],
  ['GC', ({ usesGc }) => usesGc],
  ['WASI', ({ imports }) => imports.some(fromModule('wasi_snapshot_preview1'))],
  ['linked at run time', ({ custom }) => custom.includes('dylink.0')],
  ['no names', ({ custom }) => !custom.includes('name')]
]

/** @param {object} facts of describe() @returns {string} 'Go', 'emscripten (…)' */
export function toolchainOf(facts) {
  const rule = RULES.find(([, holds]) => holds(facts))
  const traits = TRAITS.filter(([, holds]) => holds(facts)).map(
    ([name]) => name
  )
  return `${rule?.[0] ?? '?'}${traits.length > 0 ? ` (${traits.join(', ')})` : ''}`
}
