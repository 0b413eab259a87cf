;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (memory (export "memory") 1)
  (data $active (i32.const 16) "words\00\ff")
  (data $passive "passive")
  (data (offset (i32.add (i32.const 1) (i32.const 2))) "")
  (func
    (memory.init $passive (i32.const 0) (i32.const 0) (i32.const 4))
    (data.drop $active)))
