;; Shared everything: a flag of a global.
(module
  (memory (export "memory") 1)
  (global (export "__instance_signal") i32 (i32.const 1024))
  (global $count (shared mut i32) (i32.const 0))
  (func (export "run") (drop (global.atomic.get seqcst $count))))
