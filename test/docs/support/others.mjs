// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Files that are named here and are not of this repository, by whose they are. */
export const OTHERS = new Set(
  [
    // The DWARF standard's registry.
    'Dwarf.md',
    // Node.
    'node.h js_native_api_v8.h lib/async_hooks.js lib/events.js lib/vm.js',
    'lib/wasi.js lib/internal/process/execution.js',
    // V8.
    'v8-array-buffer.h v8-debug.h v8-isolate.h v8-promise.h v8-wasm.h',
    'src/objects/contexts.cc src/execution/isolate.cc',
    // CPython.
    'Python/emscripten_signal.c',
    // Wasmtime.
    'conf.h wasm.h wasmtime/engine.h src/error.rs src/func.rs src/trap.rs',
    'src/runtime/store.rs tunables.rs',
    // workerd.
    'src/workerd/io/limit-enforcer.h src/workerd/io/tracked-wasm-instance.h',
    'src/workerd/util/exception.h tracked-wasm-instance.h io-context.h worker.c',
    // WAMR.
    'thread_manager.c wasm_memory.c core/iwasm/common/wasm_native.c',
    'core/iwasm/interpreter/wasm_runtime.c',
    'core/shared/platform/include/platform_api_extension.h',
    // Go.
    'wasm_exec.js',
    // SQLite.
    'sqlite3.c',
    // A reader's own program.
    'app.mjs'
  ].flatMap((names) => names.split(' '))
)

/** Capitals stand for a part of a name: NAME.c. */
export const isPattern = (name) => /[A-Z]{4}/.test(name) && !/README/.test(name)
