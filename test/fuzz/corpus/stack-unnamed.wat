;; SPDX-License-Identifier: Apache-2.0 OR MIT
;; A C stack without data: a frame, an array of any size, another alignment,
;; locals through branches and loops; vectors, atomics and copies in a frame.
(module
  (memory (export "memory") 2 9 shared)
  (global (mut i32) (i32.const 66560))
  (global i32 (i32.const 1024))
  (data $data "0123456789abcdef")
  (func (param i32) (local $frame i32)
    (global.set 0 (local.tee $frame (i32.sub (global.get 0) (i32.const 48))))
    (memory.fill (local.get $frame) (i32.const 0) (i32.const 48))
    (memory.init $data (local.get $frame) (i32.const 0) (i32.const 16))
    (memory.copy (i32.const 1024) (local.get $frame) (i32.const 16))
    (v128.store offset=32 (local.get $frame) (v128.load (global.get 1)))
    (v128.store8_lane 3 (local.get $frame) (v128.const i64x2 1 2))
    (drop (i32.atomic.rmw.add offset=12 (local.get $frame) (i32.const 1)))
    (i64.atomic.store offset=16 (local.get $frame) (i64.const 1))
    (block $out
      (loop $again
        (br_if $out (i32.eqz (local.get 0)))
        (i64.store offset=40 (local.get $frame) (i64.extend_i32_u (local.get 0)))
        (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
        (br $again)))
    (global.set 0 (i32.add (local.get $frame) (i32.const 48))))
  (func (param $n i32) (local $frame i32)
    (local.set $frame (global.get 0))
    (global.set 0 (i32.sub (local.get $frame)
      (i32.and (i32.add (local.get $n) (i32.const 15)) (i32.const -16))))
    (if (local.get $n) (then (drop (memory.grow (i32.const 1)))))
    (global.set 0 (i32.sub (global.get 0)
      (i32.shl (local.get $n) (i32.const 4))))
    (global.set 0 (local.get $frame)))
  (func (local $old i32)
    (global.set 0 (i32.and
      (i32.sub (local.tee $old (global.get 0)) (i32.const 96))
      (i32.const -64)))
    (global.set 0 (local.get $old))))
