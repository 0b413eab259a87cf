// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * Modules that use what the core specification defines, mostly within loops and
 * recursion, where polls are. Each call is [export, argument...]; arguments that
 * end with n are of 64 bits.
 */

const edges = (from, count = 6) =>
  Array.from({ length: count }, (_, i) => from - 2 + i)

const each = (name, values) => values.map((value) => [name, value])

export const CASES = {
  'integer division traps at the same turn': {
    wat: `(module (memory (export "m") 1) (global $n (export "n") (mut i32) (i32.const 0))
      (func (export "divide") (param i32 i32) (result i32) (local i32)
        (loop $l
          (global.set $n (i32.add (global.get $n) (i32.const 1)))
          (local.set 2 (i32.add (local.get 2) (i32.div_s (local.get 0) (local.get 1))))
          (i32.store (i32.const 8) (local.get 2))
          (local.set 1 (i32.sub (local.get 1) (i32.const 1)))
          (br_if $l (i32.ne (local.get 1) (i32.const -4))))
        (local.get 2))
      (func (export "rest") (param i64 i64) (result i64)
        (loop (result i64) (i64.rem_s (local.get 0) (local.get 1))
          (br_if 0 (i32.const 0)) ))
      (func (export "truncate") (param f64) (result i32)
        (loop (result i32) (i32.trunc_f64_s (local.get 0)))))`,
    calls: [
      ['divide', 100, 3],
      ['divide', 100, -1],
      ['divide', -2147483648, -1],
      ['rest', '7n', '0n'],
      ['rest', '-9223372036854775808n', '-1n'],
      ...each('truncate', [1e9, 2147483647.5, 2147483648, -2147483649, NaN])
    ]
  },
  "accesses trap at the memory's end, and nothing is written": {
    wat: `(module (memory (export "m") 1 1)
      (func (export "fill") (param i32) (loop $l
        (i32.store8 (local.get 0) (i32.const 7))
        (local.set 0 (i32.add (local.get 0) (i32.const 1))) (br $l)))
      (func (export "load") (param i32) (result i64)
        (loop (result i64) (i64.load offset=3 align=1 (local.get 0))))
      (func (export "store") (param i32)
        (loop (i64.store align=1 (local.get 0) (i64.const -1))))
      (func (export "wide") (param i32) (result i32)
        (loop (result i32) (i32.load offset=0xfffffff0 (local.get 0)))))`,
    calls: [
      ['fill', 65500],
      ...each('load', edges(65536 - 11)),
      ...each('store', edges(65536 - 8)),
      ...each('load', [0, 1, -1]),
      ...each('wide', [0, 16, 20])
    ]
  },
  'a memory grows, and has its size': {
    wat: `(module (memory (export "m") 1 5)
      (func (export "size") (result i32) (memory.size))
      (func (export "grow") (param i32) (result i32) (local i32)
        (loop $l
          (local.set 1 (i32.add (i32.mul (local.get 1) (i32.const 10))
            (memory.grow (local.get 0))))
          (i32.store8 (i32.sub (i32.shl (memory.size) (i32.const 16))
            (i32.const 1)) (i32.const 5))
          (br_if $l (i32.lt_u (memory.size) (i32.const 4))))
        (local.get 1)))`,
    calls: [['size'], ['grow', 1], ['size'], ['grow', 9], ['grow', 0], ['size']]
  },
  'branches carry values, through blocks and loops with parameters': {
    wat: `(module
      (func (export "table") (param i32) (result i32) (local $n i32)
        (block $out (result i32) (i32.const 100)
          (block $two (param i32) (result i32)
            (loop $again (param i32) (result i32)
              (i32.add (i32.const 1))
              (local.set $n (i32.add (local.get $n) (i32.const 1)))
              (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
              (br_table $two $out $again $again $out (local.get 0))))
          (i32.mul (i32.const 2)))
        (i32.add (i32.mul (local.get $n) (i32.const 1000))))
      (func (export "pairs") (param i32) (result i32 i64)
        (i32.const 1) (i64.const 1)
        (loop $l (param i32 i64) (result i32 i64)
          (i64.mul (i64.const 3)) (br_if 1 (i32.eqz (local.get 0)))
          (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (br_if $l (i32.ne (local.get 0) (i32.const 0)))))
      (func (export "nested") (param i32) (result i32) (local $i i32) (local $j i32)
        (local $sum i32)
        (loop $outer (local.set $j (i32.const 0))
          (loop $inner
            (local.set $sum (i32.add (local.get $sum)
              (i32.xor (local.get $i) (local.get $j))))
            (if (i32.gt_u (local.get $sum) (i32.const 5000))
              (then (return (i32.sub (i32.const 0) (local.get $i)))))
            (local.set $j (i32.add (local.get $j) (i32.const 1)))
            (br_if $inner (i32.lt_u (local.get $j) (local.get 0))))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (br_if $outer (i32.lt_u (local.get $i) (local.get 0))))
        (local.get $sum)))`,
    calls: [
      ...each('table', [0, 1, 2, 3, 4, 5, 9]),
      ...each('pairs', [0, 1, 7]),
      ...each('nested', [1, 5, 20, 60])
    ]
  },
  'code that is never reached is valid, also with loops in it': {
    wat: `(module
      (func (export "after") (result i32) (i32.const 4) (return)
        (loop (result i32) (br 0)) (i32.add) (drop) (loop (unreachable)))
      (func (export "dead") (param i32) (result i32)
        (block (result i32) (loop (result i32)
          (br_if 1 (i32.const 9) (local.get 0)) (unreachable)
          (select) (i32.add (i32.const 1)) (br 0)))))`,
    calls: [['after'], ['dead', 1], ['dead', 0]]
  },
  'recursion: direct, mutual, through a table, and without end': {
    wat: `(module (type $f (func (param i32) (result i32)))
      (table 3 funcref) (elem (i32.const 0) $even $odd $deep)
      (func $fib (export "fib") (param i32) (result i32)
        (if (result i32) (i32.lt_s (local.get 0) (i32.const 2))
          (then (local.get 0))
          (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
            (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
      (func $even (export "even") (param i32) (result i32)
        (if (result i32) (local.get 0) (then (call_indirect (type $f)
          (i32.sub (local.get 0) (i32.const 1)) (i32.const 1))) (else (i32.const 1))))
      (func $odd (param i32) (result i32)
        (if (result i32) (local.get 0) (then (call_indirect (type $f)
          (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))) (else (i32.const 0))))
      (func $deep (export "deep") (param i32) (result i32)
        (i32.add (i32.const 1) (call $deep (local.get 0)))))`,
    calls: [
      ...each('fib', [0, 1, 2, 17]),
      ...each('even', [0, 7, 500]),
      ['deep', 1]
    ]
  },
  'indirect calls trap: null, another type, outside of the table': {
    wat: `(module (type $v (func (result i32))) (table (export "t") 4 8 funcref)
      (elem (i32.const 0) $one $other)
      (func $one (result i32) (i32.const 1)) (func $other (param i32))
      (func (export "call") (param i32) (result i32) (local i32)
        (loop $l (result i32)
          (local.set 1 (i32.add (local.get 1)
            (call_indirect (type $v) (local.get 0))))
          (br_if $l (local.get 1) (i32.lt_u (local.get 1) (i32.const 3))) (drop)
          (local.get 1))))`
      .replace('(br_if $l (local.get 1) (i32.lt_u', '(br_if $l (i32.lt_u')
      .replace('(drop)\n          (local.get 1)', '(local.get 1)'),
    calls: each('call', [0, 1, 2, 4, -1])
  },
  'tables change: set, grow, fill, copy, init, drop': {
    wat: `(module (table $t (export "t") 4 6 funcref) (elem $e func $a $b $a)
      (type $v (func (result i32)))
      (func $a (result i32) (i32.const 10)) (func $b (result i32) (i32.const 20))
      (func (export "init") (param i32 i32 i32)
        (loop (table.init $t $e (local.get 0) (local.get 1) (local.get 2))))
      (func (export "drop") (loop (elem.drop $e)))
      (func (export "copy") (param i32 i32 i32)
        (loop (table.copy (local.get 0) (local.get 1) (local.get 2))))
      (func (export "fill") (param i32 i32) (loop
        (table.fill $t (local.get 0) (ref.func $b) (local.get 1))))
      (func (export "grow") (param i32) (result i32) (loop (result i32)
        (table.grow $t (ref.null func) (local.get 0))))
      (func (export "call") (param i32) (result i32)
        (loop (result i32) (call_indirect (type $v) (local.get 0)))))`,
    calls: [
      ['init', 0, 1, 2],
      ...each('call', [0, 1, 2]),
      ['init', 3, 0, 2],
      ['copy', 1, 0, 3],
      ['call', 3],
      ['grow', 2],
      ['grow', 1],
      ['fill', 4, 2],
      ['fill', 5, 2],
      ['call', 5],
      ['drop'],
      ['init', 0, 0, 1],
      ['init', 0, 0, 0]
    ]
  },
  'bulk operations on memory, and what they leave when they trap': {
    wat: `(module (memory (export "m") 1) (data (i32.const 4) "active")
      (data $p "passive")
      (func (export "init") (param i32 i32 i32) (loop
        (memory.init $p (local.get 0) (local.get 1) (local.get 2))))
      (func (export "drop") (loop (data.drop $p)))
      (func (export "copy") (param i32 i32 i32) (loop
        (memory.copy (local.get 0) (local.get 1) (local.get 2))))
      (func (export "fill") (param i32 i32 i32) (loop
        (memory.fill (local.get 0) (local.get 1) (local.get 2)))))`,
    calls: [
      ['init', 20, 1, 4],
      ['init', 65533, 0, 4],
      ['init', 0, 5, 4],
      ['copy', 6, 4, 6],
      ['copy', 65530, 0, 7],
      ['fill', 100, 300, 10],
      ['fill', 65530, 1, 7],
      ['drop'],
      ['init', 0, 0, 1],
      ['init', 65536, 0, 0]
    ]
  },
  'a start function runs once, and may trap': {
    wat: `(module (memory (export "m") 1) (global $g (export "g") (mut i64) (i64.const 1))
      (func $begin (local i32) (loop $l
        (i32.store8 (local.get 0) (local.get 0))
        (global.set $g (i64.rotl (i64.mul (global.get $g) (i64.const 7)) (i64.const 5)))
        (local.set 0 (i32.add (local.get 0) (i32.const 3)))
        (br_if $l (i32.lt_u (local.get 0) (i32.const 900)))))
      (start $begin) (func (export "f") (result i64) (global.get $g)))`,
    calls: [['f']]
  },
  'exceptions pass loops, with their values': {
    wat: `(module (tag $t (export "tag") (param i32)) (tag $u)
      (func $throw (param i32) (if (i32.gt_s (local.get 0) (i32.const 5))
        (then (throw $t (local.get 0)))) (if (i32.lt_s (local.get 0) (i32.const 0))
        (then (throw $u))))
      (func (export "catch") (param i32 i32) (result i32)
        (block $caught (result i32)
          (try_table (catch $t $caught)
            (loop $l (call $throw (local.get 0))
              (local.set 0 (i32.add (local.get 0) (local.get 1)))
              (br $l)))
          (i32.const -1)))
      (func (export "again") (param i32) (result i32) (local i32)
        (loop $l
          (block $all (try_table (catch_all $all) (call $throw (i32.const 9))))
          (local.set 1 (i32.add (local.get 1) (i32.const 2)))
          (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1)))`,
    calls: [
      ['catch', 1, 1],
      ['catch', 4, 3],
      ['catch', 2, -1],
      ['again', 4]
    ]
  },
  'tail calls need no stack': {
    wat: `(module (type $f (func (param i32 i64) (result i64)))
      (table 1 funcref) (elem (i32.const 0) $down)
      (func $down (export "down") (param i32 i64) (result i64)
        (if (result i64) (i32.eqz (local.get 0)) (then (local.get 1))
          (else (return_call $up (i32.sub (local.get 0) (i32.const 1))
            (i64.add (local.get 1) (i64.extend_i32_u (local.get 0)))))))
      (func $up (param i32 i64) (result i64)
        (return_call_indirect (type $f) (local.get 0)
          (i64.mul (local.get 1) (i64.const 3)) (i32.const 0))))`,
    calls: [
      ['down', 0, '5n'],
      ['down', 9, '1n'],
      ['down', 300000, '1n']
    ]
  },
  'floating point, to the last bit': {
    wat: `(module (memory (export "m") 1)
      (func (export "sum") (param f64 i32) (result f64) (local f64)
        (loop $l
          (local.set 2 (f64.add (f64.sqrt (f64.abs (local.get 0)))
            (f64.nearest (f64.div (local.get 2) (f64.const 1.1)))))
          (local.set 0 (f64.copysign (f64.mul (local.get 0) (f64.const -1.7))
            (f64.min (local.get 0) (local.get 2))))
          (f64.store (i32.shl (local.get 1) (i32.const 3)) (local.get 2))
          (br_if $l (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
        (local.get 2))
      (func (export "small") (param f32) (result f32) (local i32)
        (loop $l (local.set 0 (f32.max (f32.ceil (f32.mul (local.get 0)
          (f32.const 1.3))) (f32.demote_f64 (f64.promote_f32 (local.get 0)))))
          (local.set 1 (i32.add (local.get 1) (i32.const 1)))
          (br_if $l (i32.lt_u (local.get 1) (i32.const 9)))) (local.get 0)))`,
    calls: [
      ['sum', 0.1, 30],
      ['sum', -0, 3],
      ['sum', Infinity, 4],
      ...each('small', [1.5, -0.25, NaN, -Infinity, 3e38])
    ]
  },
  'vectors in loops': {
    wat: `(module (memory (export "m") 1) (func (export "mix") (param i32) (result i32)
      (local v128)
      (loop $l
        (local.set 1 (i32x4.add (i8x16.shuffle 4 5 6 7 0 1 2 3 31 30 29 28 12 13 14 15
          (local.get 1) (i32x4.splat (local.get 0)))
          (i16x8.mul (local.get 1) (i8x16.splat (local.get 0)))))
        (v128.store (i32.shl (local.get 0) (i32.const 4)) (local.get 1))
        (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
      (i32x4.extract_lane 2 (local.get 1))))`,
    calls: each('mix', [1, 7, 40])
  },
  'objects of the garbage collector': {
    wat: `(module (rec (type $node (struct (field i32) (field (mut (ref null $node))))))
      (type $array (array (mut i16)))
      (func (export "list") (param i32) (result i32) (local (ref null $node)) (local i32)
        (loop $l (local.set 1 (struct.new $node (local.get 0) (local.get 1)))
          (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (loop $sum
          (local.set 2 (i32.add (i32.mul (local.get 2) (i32.const 3))
            (struct.get $node 0 (local.get 1))))
          (br_if $sum (i32.eqz (ref.is_null (local.tee 1
            (struct.get $node 1 (local.get 1)))))))
        (local.get 2))
      (func (export "array") (param i32) (result i32) (local (ref $array)) (local i32)
        (local.set 1 (array.new $array (i32.const 7) (i32.const 10)))
        (loop $l (array.set $array (local.get 1) (local.get 2) (local.get 2))
          (br_if $l (i32.ne (local.tee 2 (i32.add (local.get 2) (i32.const 1)))
            (local.get 0))))
        (array.get_s $array (local.get 1) (i32.const 9))))`,
    calls: [...each('list', [1, 8]), ...each('array', [3, 10, 11])]
  },
  'host functions are called in order, and their errors pass': {
    wat: `(module (import "host" "log" (func $log (param i32) (result i32)))
      (import "host" "g" (global $g i32))
      (func (export "ask") (param i32) (result i32) (local i32)
        (loop $l
          (local.set 1 (i32.add (local.get 1) (call $log (local.get 0))))
          (local.set 0 (i32.add (local.get 0) (global.get $g)))
          (br_if $l (i32.lt_s (local.get 0) (i32.const 40)))) (local.get 1)))`,
    calls: [
      ['ask', 30],
      ['ask', 5],
      ['ask', 13]
    ]
  },
  'several memories stay apart': {
    wat: `(module (memory $a (export "m") 1) (memory $b (export "second") 1 2)
      (data (memory $b) (i32.const 0) "second")
      (func (export "swap") (param i32) (result i32) (local i32)
        (loop $l
          (i32.store8 $a (local.get 1) (i32.load8_u $b (local.get 1)))
          (memory.copy $b $b (i32.const 1) (i32.const 0) (i32.const 5))
          (drop (memory.grow $b (i32.const 1)))
          (br_if $l (i32.ne (local.tee 1 (i32.add (local.get 1) (i32.const 1)))
            (local.get 0))))
        (i32.add (memory.size $a) (i32.mul (memory.size $b) (i32.const 10)))))`,
    calls: [...each('swap', [1, 4]), ['swap', 0]]
  },
  'a memory of 64 bits': {
    wat: `(module (memory (export "m") i64 1 3)
      (func (export "put") (param i64) (result i64) (local i64)
        (loop $l
          (i64.store (local.get 0) (local.get 1))
          (local.set 1 (i64.add (local.get 1) (i64.load (local.get 0))))
          (local.set 0 (i64.add (local.get 0) (i64.const 8)))
          (br_if $l (i64.lt_u (local.get 0) (i64.const 64))))
        (i64.add (local.get 1) (memory.grow (i64.const 1)))))`,
    calls: [
      ['put', '0n'],
      ['put', '70000n'],
      ['put', '-8n'],
      ['put', '4294967296n']
    ]
  },
  'exports keep their order, also those of the same thing': {
    wat: `(module (memory (export "z") (export "a") 1)
      (func $f (export "f2") (export "f1") (result i32) (loop (result i32)
        (i32.const 3)))
      (global (export "g") i32 (i32.const 5)) (export "f0" (func $f))
      (table (export "t") 1 externref))`,
    calls: [['f0'], ['f1'], ['f2']]
  }
}
