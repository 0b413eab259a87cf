;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (type $f (func (param i32) (result f64)))
  (import "" "" (func (type $f)))
  (import "env" "é" (table 1 2 externref))
  (import "env" "g" (global (mut i64)))
  (import "env" "h" (global $h v128))
  (import "env" "r" (global (ref null $f)))
  (import "env" "t" (tag (param i32)))
  (import "env" "memory" (memory i64 0 1))
  (export "__instance_signal" (global $h))
  (export "" (memory 0)))
