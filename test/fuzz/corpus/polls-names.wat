;; SPDX-License-Identifier: Apache-2.0 OR MIT
;; More functions than are named.
(module
  (memory (export "memory") 1)
  (global (export "__instance_signal") i32 (i32.const 4))
  (func $a (drop (i32.load (i32.const 4))))
  (func $b (drop (i32.load (i32.const 4))))
  (func $c (export "c") (drop (i32.load (i32.const 4))))
  (func (export "d") (drop (i32.load (i32.const 4))))
  (func $"a name, é€😀" (drop (i32.load (i32.const 4))))
  (func (drop (i32.load (i32.const 4))))
  (func $g (drop (i32.load (i32.const 4))))
  (func $h (drop (i32.load (i32.const 4))))
  (func $i (drop (i32.load (i32.const 4)))))
