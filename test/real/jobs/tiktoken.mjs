// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Splits a text into tokens, and joins them again. */
import { require, text } from '../packages.mjs'

export async function start() {
  const encoding = require('tiktoken').get_encoding('cl100k_base')
  const input = text(3000, 3)
  return () => {
    const tokens = encoding.encode(input)
    return [[...tokens], encoding.decode(tokens).length]
  }
}
