;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (import "env" "memory" (memory 1 64 shared))
  (global $signal (export "__instance_signal") i32 (i32.const 256))
  (func (export "run")
    (loop $again
      (if (i32.atomic.load (global.get $signal)) (then return))
      (drop (i32.atomic.rmw.xchg (i32.const 256) (i32.const 0)))
      (drop (i32.atomic.rmw.cmpxchg (i32.const 256) (i32.const 0) (i32.const 1)))
      (drop (i64.atomic.rmw32.add_u (i32.const 256) (i64.const 1)))
      (drop (memory.atomic.wait32 (i32.const 256) (i32.const 0) (i64.const -1)))
      (drop (memory.atomic.notify (i32.const 256) (i32.const 1)))
      atomic.fence
      (i32.atomic.store (i32.const 256) (i32.const 0))
      (br $again))))
