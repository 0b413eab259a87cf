;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (import "a" "first" (memory $a 1))
  (import "a" "second" (memory $b i64 1 2))
  (memory $c 1 2)
  (export "b" (memory $b))
  (export "a" (memory $a))
  (global (export "__instance_signal") i32 (i32.const 16))
  (data (memory $c) (i32.const 3) "third")
  (data (memory $b) (i64.const 3) "second")
  (func
    (drop (i32.load $a (i32.const 16)))
    (drop (i32.load $c offset=16 (i32.const 0)))
    (drop (i32.load $b (i64.const 16)))
    (memory.copy $a $c (i32.const 0) (i32.const 0) (i32.const 1))
    (drop (memory.size $c))
    (memory.fill $c (i32.const 0) (i32.const 0) (i32.const 1))))
