;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (table funcref (elem $even $odd))
  (type $f (func (param i32) (result i32)))
  (func $even (type $f)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
    (return_call $odd (i32.sub (local.get 0) (i32.const 1))))
  (func $odd (type $f)
    (return_call_indirect (type $f) (local.get 0) (i32.const 0))))
