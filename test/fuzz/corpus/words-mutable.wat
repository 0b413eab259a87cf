;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (memory (export "memory") 1)
  (global $a (mut i32) (i32.const 8))
  (global $b f64 (f64.const 1.5))
  (global $c v128 (v128.const i64x2 1 2))
  (export "__instance_signal" (global $a))
  (export "__instance_terminated" (global $b))
  (export "__instance_signal_pending" (global $c)))
