;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module binary
  "\00asm\01\00\00\00"
  "\01\04\01\60\00\00"
  "\05\7f\01\00\01")
