// SPDX-License-Identifier: Apache-2.0 OR MIT
/** .NET: scans an assembly. */
import { load, pathIn, read } from '../packages.mjs'
import { pathToFileURL } from 'node:url'

export async function start() {
  const scanner = await load('@mlvscan/wasm-core', 'dist/index.js')
  const baseUrl = `${pathToFileURL(pathIn('@mlvscan/wasm-core', 'dist'))}/`
  await scanner.initScanner({ baseUrl, throwOnInitFailure: true })
  const assembly = read('@mlvscan/wasm-core', 'dist/_framework/Mono.Cecil.wasm')
  const begin = assembly.indexOf('MZ')
  return async () => {
    const found = await scanner.scanAssembly(assembly.subarray(begin), 'a.dll')
    return JSON.stringify([found.summary, found.findings]).replaceAll(
      /"[^"]*(time|date|id)[^"]*":\s*[^,}]*/gi,
      ''
    )
  }
}
