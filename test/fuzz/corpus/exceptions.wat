;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (import "env" "tag" (tag $out (param i32)))
  (tag $in (export "in") (param i64 f32))
  (func (export "run") (result i32)
    (block $all (result exnref)
      (block $one (result i32)
        (block $ref (result i64 f32 exnref)
          (block $every
            (try_table (catch $out $one) (catch_ref $in $ref) (catch_all $every) (catch_all_ref $all)
              (throw $out (i32.const 1)))
            (return (i32.const 0)))
          (return (i32.const 1)))
        throw_ref)
      return)
    throw_ref))
