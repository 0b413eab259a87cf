;; SPDX-License-Identifier: Apache-2.0 OR MIT
(module
  (rec
    (type $list (sub (struct (field $head i32) (field $tail (mut (ref null $list))))))
    (type $longer (sub final $list
      (struct (field i32) (field (mut (ref null $list))) (field i8)))))
  (type $bytes (array (mut i8)))
  (type $words (sub (array (mut i16))))
  (type $refs (array (ref null $list)))
  (type $callback (sub (func (param (ref $list)) (result anyref))))
  (rec)
  (global $g (ref $list) (struct.new $list (i32.const 1) (ref.null none)))
  (global (ref $bytes) (array.new_fixed $bytes 2 (i32.const 1) (i32.const 2)))
  (global (ref $words) (array.new_default $words (i32.const 3)))
  (global (ref null i31) (ref.i31 (i32.const 7)))
  (global eqref (array.new $refs (global.get $g) (i32.const 2)))
  (global (ref any) (any.convert_extern (extern.convert_any (struct.new_default $longer)))))
