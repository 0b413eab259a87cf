;; SPDX-License-Identifier: Apache-2.0 OR MIT
;; The usual guest.
(module
  (memory (export "memory") 2)
  (global (export "__instance_signal") i32 (i32.const 1024))
  (global (export "__instance_terminated") i32 (i32.const 1028))
  (global (export "__instance_signal_pending") i32 (i32.const 1032)))
