;; SPDX-License-Identifier: Apache-2.0 OR MIT
;; Hints of branches and names of labels, behind loops that get a poll.
(module
  (memory (export "memory") 1)
  (global (export "__instance_signal") i32 (i32.const 1032))
  (func (export "a") (param $n i32)
    (block $out
      (loop $outer
        (@metadata.code.branch_hint "\00")
        (br_if $out (local.get $n))
        (loop $inner
          (@metadata.code.branch_hint "\01")
          (if $then (local.get $n) (then (br $outer)))
          (br_if $inner (local.get $n))))))
  (func $b (block $first) (block $second (loop $third (br $second))))
  (func (export "c") (param i32)
    (loop $loop
      (@metadata.code.branch_hint "\01")
      (br_if $loop (local.get 0)))))
