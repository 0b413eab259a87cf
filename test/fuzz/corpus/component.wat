;; SPDX-License-Identifier: Apache-2.0 OR MIT
(component
  (core module $m (memory (export "memory") 1))
  (core instance (instantiate $m)))
