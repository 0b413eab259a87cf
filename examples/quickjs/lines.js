// SPDX-License-Identifier: Apache-2.0 OR MIT
// Lines of JavaScript, evaluated one after the other as at a prompt. One has no
// end: SIGINT ends it, and the next line has its turn.
import * as std from 'qjs:std'
import * as os from 'qjs:os'

os.signal(os.SIGINT, () => {})

for (const line of [
  '6 * 7',
  'print("computing"); for (;;);',
  '["and", "on"].join(" ")'
]) {
  print('>', line)
  std.out.flush()
  try {
    print(std.evalScript(line))
  } catch (error) {
    print(String(error))
  }
}
