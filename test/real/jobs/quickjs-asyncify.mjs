// SPDX-License-Identifier: Apache-2.0 OR MIT
/** JavaScript in QuickJS with asyncify: waits for the host in the middle. */
import { load } from '../packages.mjs'

export async function start() {
  const { newAsyncContext } = await load('quickjs-emscripten')
  const context = await newAsyncContext()
  const fetched = context.newAsyncifiedFunction('fetched', async (n) => {
    const number = context.getNumber(n)
    await null
    return context.newNumber(number * number)
  })
  context.setProp(context.global, 'fetched', fetched)
  fetched.dispose()
  return async () => {
    const result = await context.evalCodeAsync(`
      (() => {
      let sum = 0
      for (let i = 0; i < 200; i++) {
        for (let j = 0; j < 100; j++) sum = (sum * 31 + j) % 1000003
        sum += fetched(i)
      }
      return sum })()`)
    return context.unwrapResult(result).consume(context.dump)
  }
}
