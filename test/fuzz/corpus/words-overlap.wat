;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (memory (export "memory") 1)
  (global $a (export "__instance_signal") i32 (i32.const 12))
  (global (export "__instance_signal_pending") i32 (i32.const 8))
  (export "__instance_terminated" (global $a)))
