;; Pages of a byte, which is a flag of limits.
(module
  (memory (export "memory") 4096 (pagesize 1))
  (global (export "__instance_signal") i32 (i32.const 1024)))
