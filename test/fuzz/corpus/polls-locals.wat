;; SPDX-License-Identifier: Apache-2.0 OR MIT
;; A local that may hold something else at the next turn.
(module
  (memory (export "memory") 1)
  (global (export "__instance_signal") i32 (i32.const 1024))
  (func $changes (param $q i32) (local $p i32)
    (local.set $p (i32.const 1024))
    (loop $outer
      (loop $inner
        (drop (i32.load (local.get $p)))
        (br_if $inner (local.get $q)))
      (local.set $p (local.get $q))
      (br_if $outer (local.get $q))))
  (func $stays (param $q i32) (local $p i32)
    (if (local.get $q)
      (then (local.set $p (i32.const 1024)))
      (else (drop (i32.load (local.tee $p (i32.const 1024))))))
    (drop (i32.load (local.get $p)))
    (loop $outer
      (local.set $p (i32.const 1024))
      (br_if $outer (i32.atomic.load (local.get $p))))))
