;; SPDX-License-Identifier: Apache-2.0 OR MIT
;; Exports that the linker wrapped: each ends with the program's destructors.
(module
  (memory (export "memory") 1)
  (global (export "__instance_signal") i32 (i32.const 1032))
  (func $constructors)
  (func $deliver (drop (i32.atomic.load (i32.const 1032))))
  (func $main (loop (br 0)))
  (func $destructors)
  (func (export "__instance_signal_deliver")
    (call $constructors) (call $deliver) (call $destructors))
  (func (export "_start")
    (call $constructors) (call $main) (call $destructors)))
