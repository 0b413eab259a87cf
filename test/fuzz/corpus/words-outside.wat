;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (memory (export "memory") 1 1)
  (global (export "__instance_signal") i32 (i32.const 65533))
  (global (export "__instance_signal_pending") i32 (i32.const -1)))
