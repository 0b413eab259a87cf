;; SPDX-License-Identifier: Apache-2.0 OR MIT
;; A delivery function, which its own polls would call again.
(module
  (memory (export "memory") 1)
  (global (export "__instance_signal") i32 (i32.const 1032))
  (global (export "__instance_signal_pending") i32 (i32.const 1040))
  (func $deliver (export "__instance_signal_deliver")
    (loop (br_if 0 (i32.atomic.rmw.xchg (i32.const 1032) (i32.const 0))))
    (call $handler))
  (func $handler)
  (func (export "_start") (local i32)
    (loop $light
      (br_if $light (i32.lt_u
        (local.tee 0 (i32.add (local.get 0) (i32.const 1)))
        (i32.const 1000))))
    (loop $calls (call $handler) (br $calls))))
