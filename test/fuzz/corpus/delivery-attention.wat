;; SPDX-License-Identifier: Apache-2.0 OR MIT
;; A word of attention behind the signal word: one poll reads both.
(module
  (memory (export "memory") 1)
  (global (export "__instance_signal") i32 (i32.const 1032))
  (global (export "__instance_signal_attention") i32 (i32.const 1036))
  (func (export "__instance_signal_deliver")
    (i32.atomic.store (i32.const 1036) (i32.const 0))
    (drop (i32.atomic.rmw.xchg (i32.const 1032) (i32.const 0))))
  (func (export "_start") (loop (br 0))))
