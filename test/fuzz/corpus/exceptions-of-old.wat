;; SPDX-License-Identifier: Apache-2.0 OR MIT
;; The text of the legacy instructions is not every assembler's: as bytes.
(module binary
  "\00asm\01\00\00\00"
  "\01\04\01\60\00\00"        ;; types
  "\03\02\01\00"              ;; functions
  "\0d\03\01\00\00"           ;; tags
  "\0a\17\01\15\00"           ;; code
  "\06\40\08\00\07\00\09\00\19\01\0b"
  "\06\40\06\40\01\18\00\0b\0b")
