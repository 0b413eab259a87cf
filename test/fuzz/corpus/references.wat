;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (type $f (func (param i32) (result i32)))
  (global $null (ref null $f) (ref.null $f))
  (global $g (ref $f) (ref.func $id))
  (global (export "__instance_signal") (ref extern) (extern.convert_any (ref.i31 (i32.const 1))))
  (func $id (type $f) (local.get 0))
  (func (export "run") (param $r (ref null $f)) (result i32)
    (block $is_null
      (br_on_null $is_null (local.get $r))
      drop
      (drop (ref.is_null (local.get $r)))
      (drop (ref.as_non_null (local.get $r)))
      (block $is (result (ref $f))
        (br_on_non_null $is (local.get $r))
        (return (i32.const 0)))
      drop)
    (call_ref $f (i32.const 1) (global.get $g))
    (return_call_ref $f (global.get $g))))
