// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Formats TypeScript, by a plug-in of dprint. */
import { load, program, read } from '../packages.mjs'

export async function start() {
  const { createFromBuffer } = await load('@dprint/formatter')
  const formatter = createFromBuffer(read('@dprint/typescript', 'plugin.wasm'))
  formatter.setConfig({ lineWidth: 60 }, { semiColons: 'asi' })
  const fileText = program()
  return () => formatter.formatText({ filePath: 'a.ts', fileText })
}
