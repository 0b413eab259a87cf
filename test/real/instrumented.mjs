// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Instruments modules of the corpus with the command. The results are in
 * build/real/instrumented/, each named by the SHA-256 of the original.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'

export const COMMAND =
  process.env.WASMSIG_COMMAND ??
  fileURLToPath(new URL('../../build/release/wasmsig', import.meta.url))

export const FOLDER = fileURLToPath(
  new URL('../../build/real/instrumented', import.meta.url)
)

const fileOf = ({ hash }) => join(FOLDER, `${hash}.wasm`)

/** @returns {{ file, status, signal, stderr, seconds }} */
export function instrument(module) {
  const file = fileOf(module)
  mkdirSync(FOLDER, { recursive: true })
  rmSync(file, { force: true })
  const began = process.hrtime.bigint()
  const { status, signal, stderr } = spawnSync(
    COMMAND,
    ['instrument', '-v', module.file, '-o', file],
    { encoding: 'utf8' }
  )
  const seconds = Number(process.hrtime.bigint() - began) / 1e9
  return { file, status, signal, stderr, seconds }
}

/** Instruments those that the present command has not instrumented yet. */
export function instrumentAll(modules) {
  const { mtimeMs } = statSync(COMMAND)
  for (const module of modules) {
    const file = fileOf(module)
    if (!existsSync(file) || statSync(file).mtimeMs < mtimeMs)
      instrument(module)
  }
}
