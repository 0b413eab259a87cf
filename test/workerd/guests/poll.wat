;; SPDX-License-Identifier: Apache-2.0 OR MIT
;; A guest with both words: it polls, or it never does.
(module
  (memory (export "memory") 1)
  (global (export "__instance_signal") i32 (i32.const 64))
  (global (export "__instance_terminated") i32 (i32.const 68))
  (data (i32.const 60) "\5a\5a\5a\5a\ff\ff\ff\ff\00\00\00\00\5a\5a\5a\5a")

  ;; Computes until a signal comes; the signal.
  (func (export "until_signal") (result i32)
    (local $signal i32)
    (loop $again
      (local.set $signal (i32.atomic.load (i32.const 64)))
      (br_if $again (i32.eqz (local.get $signal))))
    (local.get $signal))

  ;; Takes the signal: the word is 0 afterwards.
  (func (export "take") (result i32)
    (i32.atomic.rmw.xchg (i32.const 64) (i32.const 0)))

  (func (export "forever") (loop $again (br $again))))
