;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (func (param i64 i64 i64 i64) (result i64 i64)
    (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3))
    i64.mul_wide_u
    i64.mul_wide_s
    (i64.const 1) (i64.const 2)
    i64.sub128))
