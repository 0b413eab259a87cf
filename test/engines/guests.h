/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The guests, as text: those of test/conformance/suite/guests.mjs, in C. All
 * functions have type i32 -> i32. The only endless loop is in $forever.
 */
#ifndef WASMSIG_TEST_GUESTS_H
#define WASMSIG_TEST_GUESTS_H

/* The addresses of the words, and their value before a host writes to them. */
#define SIGNAL_AT 1024
#define TERMINATED_AT 1032
#define PENDING_AT 1040
#define STARTED 0xffffu

#define TYPED_WORD(name, type, address) \
  "(global (export \"" name "\") " type " (" type ".const " address "))"
#define SIGNAL_IN(address) TYPED_WORD("__instance_signal", "i32", address)
#define TERMINATED_IN(address) \
  TYPED_WORD("__instance_terminated", "i32", address)
#define SIGNAL SIGNAL_IN("1024")
#define TERMINATED TERMINATED_IN("1032")
#define PENDING TYPED_WORD("__instance_signal_pending", "i32", "1040")

#define OWN "(memory (export \"memory\") 1)"
#define IMPORTED "(memory (import \"env\" \"memory\") 1)"

#define SIGNAL_STARTS "(data (i32.const 1024) \"\\ff\\ff\\00\\00\")"
#define ALL_START                                \
  SIGNAL_STARTS                                  \
  "(data (i32.const 1032) \"\\00\\00\\00\\00\")" \
  "(data (i32.const 1040) \"\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff\")"
#define DEAD_STARTS "(data (i32.const 1032) \"\\07\\00\\00\\00\")"

#define FUNCTION(name) \
  "(func $" name " (export \"" name "\") (param $n i32) (result i32)"

/*
 * spin     polls until a signal comes, returns its number; 0: none came
 * obey     polls as the SDK does: traps at SIGKILL, ignores other signals
 * forever  never polls, never ends
 * work     never polls, runs $n turns of a loop, returns 0
 * fail     traps
 */
#define LOOPS      \
  FUNCTION("spin") \
  "(local $turns i64) (local $signal i32)"                               \
  "(loop $again"                                                         \
  "  (local.set $signal (i32.atomic.load (i32.const 1024)))"             \
  "  (local.set $turns (i64.add (local.get $turns) (i64.const 1)))"      \
  "  (br_if $again (i32.and (i32.eqz (local.get $signal))"               \
  "    (i64.lt_u (local.get $turns) (i64.const 0x80000000)))))"          \
  "(local.get $signal))"                                                 \
  FUNCTION("obey")                                                       \
  "(local $turns i64)"                                                   \
  "(loop $again"                                                         \
  "  (if (i32.eq (i32.atomic.load (i32.const 1024)) (i32.const 9))"      \
  "    (then unreachable))"                                              \
  "  (local.set $turns (i64.add (local.get $turns) (i64.const 1)))"      \
  "  (br_if $again (i64.lt_u (local.get $turns) (i64.const 0x40000000))))" \
  "(i32.const 1))"                                                       \
  FUNCTION("forever") "(loop $again (br $again)) unreachable)"           \
  FUNCTION("work")                                                       \
  "(loop $again"                                                         \
  "  (local.set $n (i32.sub (local.get $n) (i32.const 1)))"              \
  "  (br_if $again (i32.gt_s (local.get $n) (i32.const 0))))"            \
  "(local.get $n))"                                                      \
  FUNCTION("fail") "unreachable)"

/* Grows its memory by a page, returns its size in pages. */
#define GROWS      \
  FUNCTION("grow") \
  "(drop (memory.grow (i32.const 1))) (memory.size))"

/* Calls the host, adds 1 to the result. */
#define IMPORTS_HOST \
  "(import \"host\" \"call\" (func $host (param i32) (result i32)))"
#define CALLS_HOST \
  FUNCTION("ask")  \
  "(i32.add (call $host (local.get $n)) (i32.const 1)))"

/* Returns 1 if it has caught the end of its endless loop. */
#define GUARDED                                   \
  FUNCTION("guarded")                             \
  "(block $caught (try_table (catch_all $caught)" \
  "  (drop (call $forever (i32.const 0)))))"      \
  "(i32.const 1))"

#define MODULE(parts) "(module " parts ")"

#define PLAIN_GUEST MODULE(OWN SIGNAL_STARTS LOOPS)
#define SIGNAL_GUEST MODULE(OWN SIGNAL SIGNAL_STARTS LOOPS)
#define WORDS_GUEST MODULE(OWN SIGNAL TERMINATED PENDING ALL_START LOOPS)
#define DEAD_GUEST MODULE(OWN SIGNAL TERMINATED DEAD_STARTS LOOPS)
#define GUARDED_GUEST MODULE(OWN SIGNAL LOOPS GUARDED)
#define IMPORTED_GUEST MODULE(IMPORTED SIGNAL SIGNAL_STARTS LOOPS)
#define SHARED_GUEST \
  MODULE("(memory (export \"memory\") 1 16 shared)" SIGNAL LOOPS)
/* It exports the place of its stack, so that WAMR can create one for a thread.
 */
#define SHARED_IMPORTING_GUEST                                             \
  MODULE(                                                                  \
      "(memory (import \"env\" \"memory\") 2 16 shared)"                   \
      "(export \"memory\" (memory 0)) (global (mut i32) (i32.const 8192))" \
      "(global (export \"__data_end\") i32 (i32.const 4096))"              \
      "(global (export \"__heap_base\") i32 (i32.const 8192))" SIGNAL LOOPS)
#define RENAMED_GUEST \
  MODULE("(memory (export \"linear\") 1)" SIGNAL SIGNAL_STARTS LOOPS)
#define TWO_GUEST                                                             \
  MODULE("(memory (export \"zero\") 1) (memory (export \"memory\") 1)" SIGNAL \
             LOOPS)
#define WIDE_GUEST                                                             \
  MODULE("(memory (export \"memory\") i64 1)" TYPED_WORD(                      \
      "__instance_signal", "i64",                                              \
      "1024") "(func "                                                         \
              "(export \"spin\") (param i32) (result i32) (local $s i32)"      \
              "(loop $again (local.set $s (i32.atomic.load (i64.const 1024)))" \
              "(br_if $again (i32.eqz (local.get $s)))) (local.get $s))")
#define GROWING_GUEST \
  MODULE("(memory (export \"memory\") 1 2000)" SIGNAL LOOPS GROWS)
#define ASKING_GUEST \
  MODULE(IMPORTS_HOST OWN SIGNAL SIGNAL_STARTS LOOPS CALLS_HOST)
#define HIGH_GUEST                                       \
  MODULE("(memory (export \"memory\") 32769)" SIGNAL_IN( \
      "0x80000000") "(data (i32.const 0x80000000) \"\\ff\\ff\\00\\00\")")
#define HIGH_AT 0x80000000u

/* Words in a memory of their own. */
#define OWN_MEMORY(limits) \
  "(memory $own (export \"__wasmsig_memory\") " limits ")"
#define OWN_LOOPS  \
  FUNCTION("spin") \
  "(loop $again (br_if $again (i32.eqz (i32.atomic.load $own"             \
  "  (i32.const 0)))))"                                                   \
  "(i32.atomic.load $own (i32.const 0)))" FUNCTION("obey")                \
  "(loop $again"                                                          \
  "  (if (i32.eq (i32.atomic.load $own (i32.const 0)) (i32.const 9))"     \
  "    (then unreachable))"                                               \
  "  (br $again)) unreachable)" FUNCTION("pending")                      \
  "(i32.wrap_i64 (i64.load $own (i32.const 8))))"
#define OWN_AT_0 "(data (memory 0) (i32.const 0) \"\\ff\\ff\\00\\00\")"
#define BESIDE_GUEST MODULE(OWN OWN_MEMORY("1 1") OWN_AT_0 OWN_LOOPS)
#define BESIDE_IMPORTED_GUEST \
  MODULE(IMPORTED OWN_MEMORY("1 1") OWN_AT_0 OWN_LOOPS)
#define ALONE_GUEST MODULE(OWN_MEMORY("1 1") OWN_LOOPS)
#define LARGER_GUEST MODULE(OWN_MEMORY("2 2") OWN_LOOPS)
#define CAN_GROW_GUEST MODULE(OWN_MEMORY("1 2") OWN_LOOPS GROWS)
#define BOTH_GUEST MODULE(OWN OWN_MEMORY("1 1") SIGNAL SIGNAL_STARTS LOOPS)

/* Modules with bad words. */
#define MISALIGNED_GUEST MODULE(OWN SIGNAL_IN("1026") SIGNAL_STARTS LOOPS)
#define OUTSIDE_GUEST MODULE(OWN SIGNAL_IN("65536") SIGNAL_STARTS LOOPS)
#define NEGATIVE_GUEST MODULE(OWN SIGNAL_IN("-16") SIGNAL_STARTS LOOPS)
#define OVERLAPPING_GUEST \
  MODULE(OWN SIGNAL TERMINATED_IN("1024") SIGNAL_STARTS LOOPS)
#define HALF_BAD_GUEST \
  MODULE(OWN SIGNAL TERMINATED_IN("1034") SIGNAL_STARTS LOOPS)
#define FUNCTION_GUEST \
  MODULE(OWN "(func (export \"__instance_signal\"))" SIGNAL_STARTS LOOPS)
#define MUTABLE_GUEST                                                   \
  MODULE(OWN                                                            \
         "(global (export \"__instance_signal\") (mut i32) (i32.const " \
         "1024))" SIGNAL_STARTS LOOPS)
#define TOO_WIDE_GUEST \
  MODULE(OWN TYPED_WORD("__instance_signal", "i64", "1024") SIGNAL_STARTS LOOPS)

#endif
