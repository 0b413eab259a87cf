// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Compiles TypeScript with JSX to ES5. */
import { require, read } from '../packages.mjs'

export async function start() {
  const swc = require('@swc/wasm')
  const source = read('web-tree-sitter', 'web-tree-sitter.d.ts').toString()
  return () => {
    const { code } = swc.transformSync(
      `${source}\nexport const f = async (x?: number) => <p a={x ?? 1}/>`,
      { jsc: { target: 'es5', parser: { syntax: 'typescript', tsx: true } } }
    )
    return code
  }
}
