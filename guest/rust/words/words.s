# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# What stable Rust cannot express: words that another definition may replace (weak
# symbols), exports without a flag of the linker, and atomic instructions in a
# module that is compiled without them. words.o is this file, assembled by
#
#     clang-19 --target=wasm32 -matomics -c -o words.o words.s
#
# Change both together; a test compares them.

	.functype	wasmsig_guest_rust_word () -> (i32)
	.functype	wasmsig_guest_rust_take_word () -> (i32)
	.functype	wasmsig_guest_rust_put_word (i32) -> ()
	.functype	wasmsig_guest_rust_set () -> (i64)
	.functype	wasmsig_guest_rust_take_set () -> (i64)
	.functype	wasmsig_guest_rust_put_set (i64) -> ()
	.functype	wasmsig_guest_rust_say_handled (i64, i64) -> ()

# The words, with their initial values. Weak: workers-rs has a signal word of its
# own, and wasm-bindgen a terminated word.

	.section	.data.__instance_signal,"",@
	.weak	__instance_signal
	.export_name	__instance_signal, __instance_signal
	.p2align	2
__instance_signal:
	.int32	0xffff
	.size	__instance_signal, 4

	.section	.data.__instance_signal_pending,"",@
	.weak	__instance_signal_pending
	.export_name	__instance_signal_pending, __instance_signal_pending
	.p2align	3
__instance_signal_pending:
	.int64	0xffffffffffffffff
	.size	__instance_signal_pending, 8

	.section	.data.__instance_terminated,"",@
	.weak	__instance_terminated
	.export_name	__instance_terminated, __instance_terminated
	.p2align	2
__instance_terminated:
	.int32	0
	.size	__instance_terminated, 4

	.section	.data.__instance_signal_handled,"",@
	.weak	__instance_signal_handled
	.export_name	__instance_signal_handled, __instance_signal_handled
	.p2align	3
__instance_signal_handled:
	.int64	0
	.size	__instance_signal_handled, 8

# Not weak: a second definition of the words has it too, and the linker names it.

	.section	.data.wasmsig_guest_words,"",@
	.globl	wasmsig_guest_words_stand_twice__define_them_in_one_place_only
wasmsig_guest_words_stand_twice__define_them_in_one_place_only:
	.int8	0
	.size	wasmsig_guest_words_stand_twice__define_them_in_one_place_only, 1

# The signal word: read, taken, put back (unless another has arrived).

	.section	.text.wasmsig_guest_rust_word,"",@
	.globl	wasmsig_guest_rust_word
	.type	wasmsig_guest_rust_word,@function
wasmsig_guest_rust_word:
	.functype	wasmsig_guest_rust_word () -> (i32)
	i32.const	0
	i32.atomic.load	__instance_signal
	end_function

	.section	.text.wasmsig_guest_rust_take_word,"",@
	.globl	wasmsig_guest_rust_take_word
	.type	wasmsig_guest_rust_take_word,@function
wasmsig_guest_rust_take_word:
	.functype	wasmsig_guest_rust_take_word () -> (i32)
	i32.const	0
	i32.const	0
	i32.atomic.rmw.xchg	__instance_signal
	end_function

	.section	.text.wasmsig_guest_rust_put_word,"",@
	.globl	wasmsig_guest_rust_put_word
	.type	wasmsig_guest_rust_put_word,@function
wasmsig_guest_rust_put_word:
	.functype	wasmsig_guest_rust_put_word (i32) -> ()
	i32.const	0
	i32.const	0
	local.get	0
	i32.atomic.rmw.cmpxchg	__instance_signal
	drop
	end_function

# The pending set: read, taken, put back (ORed into newer signals).

	.section	.text.wasmsig_guest_rust_set,"",@
	.globl	wasmsig_guest_rust_set
	.type	wasmsig_guest_rust_set,@function
wasmsig_guest_rust_set:
	.functype	wasmsig_guest_rust_set () -> (i64)
	i32.const	0
	i64.atomic.load	__instance_signal_pending
	end_function

	.section	.text.wasmsig_guest_rust_take_set,"",@
	.globl	wasmsig_guest_rust_take_set
	.type	wasmsig_guest_rust_take_set,@function
wasmsig_guest_rust_take_set:
	.functype	wasmsig_guest_rust_take_set () -> (i64)
	i32.const	0
	i64.const	0
	i64.atomic.rmw.xchg	__instance_signal_pending
	end_function

	.section	.text.wasmsig_guest_rust_put_set,"",@
	.globl	wasmsig_guest_rust_put_set
	.type	wasmsig_guest_rust_put_set,@function
wasmsig_guest_rust_put_set:
	.functype	wasmsig_guest_rust_put_set (i64) -> ()
	i32.const	0
	local.get	0
	i64.atomic.rmw.or	__instance_signal_pending
	drop
	end_function

# The handled set: the first argument's bits become as in the second.

	.section	.text.wasmsig_guest_rust_say_handled,"",@
	.globl	wasmsig_guest_rust_say_handled
	.type	wasmsig_guest_rust_say_handled,@function
wasmsig_guest_rust_say_handled:
	.functype	wasmsig_guest_rust_say_handled (i64, i64) -> ()
	i32.const	0
	local.get	0
	local.get	1
	i64.and
	i64.atomic.rmw.or	__instance_signal_handled
	drop
	i32.const	0
	local.get	0
	i64.const	-1
	i64.xor
	local.get	1
	i64.or
	i64.atomic.rmw.and	__instance_signal_handled
	drop
	end_function

# Declares that the module may use atomic instructions.

	.section	.custom_section.target_features,"",@
	.int8	1
	.int8	43
	.int8	7
	.ascii	"atomics"
