;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (func (param i32 i64 f32 f64) (result i64)
    (i64.extend32_s (i64.add (local.get 1) (i64.const -0x8000000000000000)))
    (drop (f32.const nan:0x200000))
    (drop (f64.const -0x1.8p-1022))
    (drop (i32.trunc_sat_f64_u (local.get 3)))
    (drop (i64.reinterpret_f64 (f64.sqrt (local.get 3))))
    (drop (i32.popcnt (i32.const 0x80000000)))
    (drop (i32.wrap_i64 (i64.const 0x7fffffffffffffff)))
    (drop (f32.demote_f64 (f64.promote_f32 (local.get 2))))))
