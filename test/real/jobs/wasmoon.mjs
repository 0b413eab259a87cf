// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Lua: strings, tables, coroutines, an error that is caught. */
import { load } from '../packages.mjs'

export async function start() {
  const { LuaFactory } = await load('wasmoon')
  const lua = await new LuaFactory().createEngine()
  return () =>
    lua.doString(`
      local words = {}
      for i = 1, 500 do words[i] = string.format('%x-%d', i * 7919, i % 7) end
      table.sort(words)
      local next = coroutine.wrap(function()
        for i, word in ipairs(words) do coroutine.yield(#word * i) end
      end)
      local sum = 0
      for i = 1, 500 do sum = sum + next() end
      local ok, message = pcall(function() error('caught') end)
      return table.concat(words, ' ') .. sum .. tostring(ok) .. message`)
}
