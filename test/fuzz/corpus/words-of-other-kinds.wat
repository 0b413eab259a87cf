;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (memory (export "memory") 1)
  (table $t 1 funcref)
  (tag $tag)
  (func $f)
  (export "__instance_signal" (func $f))
  (export "__instance_terminated" (table $t))
  (export "__instance_signal_pending" (tag $tag)))
