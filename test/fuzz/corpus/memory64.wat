;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (memory (export "memory") i64 3 0x100000000)
  (global (export "__instance_signal") i64 (i64.const 0x20000))
  (func (export "run") (result i32)
    (i32.load offset=8 (i64.const 0x1fff8))
    (i32.atomic.load (global.get 0))
    i32.add
    (memory.grow (i64.const 1)) drop))
