;; SPDX-License-Identifier: Apache-2.0 OR MIT
;; Names that cannot be read, then ones that can.
(module binary
  "\00asm\01\00\00\00"
  "\00\07\04name\01\80"
  "\01\04\01\60\00\00"
  "\03\02\01\00"
  "\05\03\01\00\01"
  "\06\07\01\7f\00\41\80\08\0b"
  "\07\15\01\11__instance_signal\03\00"
  "\0a\0b\01\09\00\41\80\08\28\02\00\1a\0b"
  "\00\09\04name\01\05\01\00"
  "\00\0e\04name\00\01\00\01\04\01\00\01f")
