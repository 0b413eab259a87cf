;; SPDX-License-Identifier: Apache-2.0 OR MIT
;; Numbers with more bytes than they need, which is allowed.
(module binary
  "\00asm\01\00\00\00"
  "\05\88\80\80\80\00\81\00\05\81\80\00\81\00"
  "\06\0a\01\7f\00\41\80\88\80\80\00\0b")
