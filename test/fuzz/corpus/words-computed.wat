;; SPDX-License-Identifier: Apache-2.0 OR MIT
;; Sums, differences and products of constants and of earlier globals.
(module
  (memory (export "m") (export "m2") 1)
  (global $a i32 (i32.const -8))
  (global $b i32 (i32.mul (i32.const 16) (i32.sub (i32.const 3) (global.get $a))))
  (global $c i64 (i64.add (i64.mul (i64.const 7) (i64.const -3)) (i64.const 99)))
  (global $d i64 (i64.sub (global.get $c) (i64.const 0x7fffffffffffffff)))
  (export "__instance_signal" (global $b))
  (export "__instance_terminated" (global $c))
  (export "__instance_signal_pending" (global $d)))
