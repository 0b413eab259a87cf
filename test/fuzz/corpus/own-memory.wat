;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (import "a" "first" (memory $a i64 1))
  (memory $b (export "memory") 2)
  (memory $own (export "__wasmsig_memory") 1 1)
  (func (result i32)
    (loop
      (if (i32.eq (i32.atomic.load $own (i32.const 0)) (i32.const 9))
        (then unreachable)))
    (drop (i32.load $own (i32.const 0)))
    (i32.load $b (i32.const 0))))
