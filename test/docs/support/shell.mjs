// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The commands of a shell script, by a parser. */
import { createRequire } from 'node:module'
import { Language, Parser } from 'web-tree-sitter'

const require = createRequire(import.meta.url)

await Parser.init()
const parser = new Parser()
parser.setLanguage(
  await Language.load(require.resolve('tree-sitter-bash/tree-sitter-bash.wasm'))
)

/**
 * @returns {{ error: boolean, commands: string[][] }} each command's words as
 *   they are written, without variables set before it and redirections
 */
export function parse(script) {
  const { rootNode } = parser.parse(script)
  const words = (command) =>
    command.namedChildren
      .filter(({ type }) => !/variable_assignment|redirect/.test(type))
      .map(({ text }) => text)
  return {
    error: rootNode.hasError,
    commands: rootNode.descendantsOfType('command').map(words)
  }
}
