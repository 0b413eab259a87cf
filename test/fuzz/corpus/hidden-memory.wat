;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (memory 1)
  (global (export "__instance_signal") i32 (i32.const 64)))
