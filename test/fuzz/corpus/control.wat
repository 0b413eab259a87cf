;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (type $pair (func (param i32 i32) (result i32 i32)))
  (func $f (type $pair) (local.get 0) (local.get 1))
  (func (export "run") (param i32) (result i32) (local i64 f32 f64)
    (block $a (result i32)
      (block $b
        (block $c
          (br_table $b $c $b (local.get 0)))
        (br $a (i32.const 0)))
      (if (local.get 0) (then nop) (else unreachable))
      (loop (param) (br_if 0 (local.get 0)))
      (call $f (i32.const 1) (i32.const 2))
      (block (type $pair) (call $f))
      drop)
    (select (i32.const 1) (local.get 0))
    (select (result i32) (i32.const 0) (i32.const 0))
    return))
