// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Ruby: hashes, a sort, a fiber, an exception. */
import { read, require } from '../packages.mjs'

export async function start() {
  const { DefaultRubyVM } = require('@ruby/wasm-wasi/dist/browser')
  const bytes = read('@ruby/3.4-wasm-wasi', 'dist/ruby.wasm')
  const { vm } = await DefaultRubyVM(await WebAssembly.compile(bytes))
  return () =>
    vm
      .eval(
        `
        words = (1..800).map { |i| (i * 7919 % 10007).to_s(16) }.sort
        fiber = Fiber.new { words.each { |w| Fiber.yield w.length }; 0 }
        sum = 0
        800.times { sum = sum * 3 % 10007 + fiber.resume }
        begin
          raise 'caught'
        rescue => e
          words << e.message
        end
        words.join(' ') + sum.to_s + words.tally.size.to_s`
      )
      .toString()
}
