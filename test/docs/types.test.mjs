// SPDX-License-Identifier: Apache-2.0 OR MIT
// Blocks of JavaScript and TypeScript have the right types.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import ts from 'typescript'

import { checked } from './support/blocks.mjs'
import { ROOT } from './support/pages.mjs'

const OPTIONS = {
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.esnext.disposable.d.ts'],
  types: ['node'],
  strict: true,
  // Readers write JavaScript: parameters have no types, and any value is caught.
  noImplicitAny: false,
  useUnknownInCatchVariables: false,
  noEmit: true
}

const blocks = checked('js', 'ts')

/** Blocks as files beside this one; names are read nowhere else. */
const fileOf = (block) =>
  join(ROOT, 'test/docs', `block-${blocks.indexOf(block)}.mts`)
const sources = new Map(blocks.map((block) => [fileOf(block), block.code]))

function program() {
  const host = ts.createCompilerHost(OPTIONS)
  const { fileExists, readFile } = host
  host.fileExists = (path) => sources.has(path) || fileExists(path)
  host.readFile = (path) => sources.get(path) ?? readFile(path)
  return ts.createProgram([...sources.keys()], OPTIONS, host)
}

const made = program()

/** JavaScript calls exports; TypeScript knows only that some are functions. */
const isOfExport = (text) => text.includes("'ExportValue'")

for (const block of blocks) {
  test(`a block has the right types: ${block.place}`, () => {
    const found = ts.getPreEmitDiagnostics(
      made,
      made.getSourceFile(fileOf(block))
    )
    const texts = found.map(({ messageText }) =>
      ts.flattenDiagnosticMessageText(messageText, '\n')
    )
    const isScript = block.language === 'js'
    assert.deepEqual(
      texts.filter((text) => !(isScript && isOfExport(text))),
      []
    )
  })
}
