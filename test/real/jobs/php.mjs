// SPDX-License-Identifier: Apache-2.0 OR MIT
/** PHP, with asyncify: sorts, formats, hashes, catches. */
import { load } from '../packages.mjs'

const SOURCE = `<?php
$words = [];
for ($i = 0; $i < 2000; $i++) $words[] = dechex($i * 7919 % 100003);
sort($words);
try { throw new Exception('caught'); } catch (Exception $e) {
  $words[] = $e->getMessage();
}
echo md5(implode(' ', $words)), json_encode(array_count_values(
  array_map('strlen', $words))), preg_replace('/a+/', 'A', $words[100]);`

export async function start() {
  const { PHP, loadPHPRuntime } = await load('@php-wasm/universal')
  const runtime = await load('@php-wasm/node-8-3', 'asyncify/php_8_3.js')
  const php = new PHP(await loadPHPRuntime(runtime, {}))
  return async () => (await php.run({ code: SOURCE })).text
}
