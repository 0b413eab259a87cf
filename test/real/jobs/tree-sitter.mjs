// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Parses JavaScript: a main module, and a grammar linked to it at run time. */
import { load, pathIn, program } from '../packages.mjs'

export async function start() {
  const { Language, Parser } = await load('web-tree-sitter')
  await Parser.init()
  const grammar = 'wasm/tree-sitter-javascript.wasm'
  const language = await Language.load(
    pathIn('@vscode/tree-sitter-wasm', grammar)
  )
  const parser = new Parser()
  parser.setLanguage(language)
  const source = program()
  return () => {
    const tree = parser.parse(source)
    const said = tree.rootNode.toString()
    tree.delete()
    return said
  }
}
