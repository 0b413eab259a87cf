// SPDX-License-Identifier: Apache-2.0 OR MIT
// The compilers that guests in C and C++ are tried with.
import { execFileSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
export const ROOT = join(here, '../../..')
export const HEADERS = join(ROOT, 'guest/c/include')
/** Where what the tests compile goes. */
export const BUILT = join(ROOT, 'build/guests-test')

let zig
const fetchZig = () =>
  (zig ??= execFileSync(join(ROOT, 'scripts/zig'), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit']
  }).trim())

const clang = (version) => ({
  name: `clang ${version}`,
  command: (language) => [
    `clang${language === 'c++' ? '++' : ''}-${version}`,
    '--target=wasm32'
  ]
})

export const COMPILERS = [
  clang(14),
  clang(19),
  {
    name: 'zig',
    command: (language) => [
      ...[fetchZig(), language === 'c++' ? 'c++' : 'cc'],
      ...['-target', 'wasm32-freestanding', '-fno-sanitize=undefined']
    ]
  }
]

/** Where one compiler is enough. */
export const CLANG = COMPILERS.find(({ name }) => name === 'clang 19')

const env = { ...process.env, ZIG_GLOBAL_CACHE_DIR: join(BUILT, 'zig-cache') }

/** Runs a compiler; throws what it said, if it fails. */
export function compile(compiler, language, args) {
  mkdirSync(BUILT, { recursive: true })
  const [command, ...first] = compiler.command(language)
  execFileSync(command, [...first, ...args], {
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe']
  })
}

/** What makes a module of files that need no libc. */
export const FREESTANDING = [
  ...['-ffreestanding', '-nostdlib', '-Wl,--no-entry'],
  ...['-Wall', '-Wextra', '-Wpedantic', '-Wconversion', '-Werror'],
  `-I${HEADERS}`
]
