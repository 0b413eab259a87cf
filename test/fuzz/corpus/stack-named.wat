;; SPDX-License-Identifier: Apache-2.0 OR MIT
;; A C stack after the data: a frame, what was saved, a host that adds to it.
(module
  (memory (export "memory") 2)
  (global $__stack_pointer (export "__stack_pointer") (mut i32)
    (i32.const 66560))
  (data (i32.const 1024) "data")
  (func (export "frame") (param i32) (result i32) (local $frame i32)
    (global.set $__stack_pointer
      (local.tee $frame (i32.sub (global.get $__stack_pointer) (i32.const 32))))
    (loop $again
      (i32.store offset=12 (local.get $frame) (local.get 0))
      (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (global.set $__stack_pointer
      (i32.add (local.get $frame) (i32.const 32)))
    (memory.grow (i32.const 1)))
  (func (export "save") (result i32) (global.get $__stack_pointer))
  (func (export "restore") (param i32)
    (global.set $__stack_pointer (local.get 0)))
  (func (export "add") (param i32) (result i32)
    (global.set $__stack_pointer
      (i32.add (global.get $__stack_pointer) (local.get 0)))
    (global.get $__stack_pointer)))
