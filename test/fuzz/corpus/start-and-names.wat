;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module $the_module
  (import "env" "log" (func $log (param $text i32)))
  (type $t (func))
  (memory $mem 1)
  (global $glob (mut i32) (i32.const 0))
  (func $main (local $x i32) (local $y i64)
    (block $label (call $log (local.get $x)) (br $label)))
  (start $main)
  (@custom "producers" (after last) "\01\0clanguage\01\03wat\00")
  (@custom "before" (before first) "\ff\ff\ff"))
