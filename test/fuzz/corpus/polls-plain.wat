;; SPDX-License-Identifier: Apache-2.0 OR MIT
;; Functions that read their word plainly, with names and without.
(module
  (memory (export "memory") 1)
  (global $signal (export "__instance_signal") i32 (i32.const 1024))
  (func $in_a_loop (param $n i32)
    (loop $again
      (br_if $again (i32.eqz (i32.load (i32.const 1024))))))
  (func (export "by local") (local $p i32)
    (local.set $p (i32.const 1000))
    (block $out
      (loop $again
        (br_if $out (i32.load offset=24 (local.get $p)))
        (br $again))))
  (func $narrow
    (drop (i32.load8_u (global.get $signal)))
    (drop (i32.load16_s offset=1024 (i32.const 0)))
    (drop (i64.load32_u offset=4 (i32.const 1020)))
    (drop (i64.load8_s (i32.add (global.get $signal) (i32.const 0))))
    (drop (i64.load (i32.const 1024)))))
