/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The words that a host writes, the functions that take them, and the function
 * that polls call. They are in assembly because C does not guarantee three
 * things: atomic instructions, words next to each other, and a function that
 * leaves the stack of the interrupted function unchanged.
 *
 * Why __instance_signal_deliver may be called between any two instructions:
 *  1. It takes the word, and zeroes the attention word, before it calls any
 *     function. Polls in these functions find both words 0 and do not call it
 *     again, unless the host raises another signal. So it ends.
 *  2. It does not use the 128 bytes below the stack pointer. A function that
 *     calls no other function may have its variables there without moving the
 *     pointer.
 *  3. The functions that it calls restore errno. The rest of a program's state
 *     is the responsibility of its handlers, as on Unix.
 *  4. It may interrupt this library while the library changes its state. Then
 *     wsig_deliver only notes the signals (deliver.c).
 */
	.globaltype	__stack_pointer, i32
	.functype	wsig_deliver (i32) -> ()

/* ----------------------------------------------------------------- words */

	/* One section: a poll may load the first two at once, as an i64. */
	.section	.data.wasmsig_words,"",@
	.p2align	3

	.weak	__instance_signal
	.type	__instance_signal,@object
__instance_signal:
	.int32	0xffff
	.size	__instance_signal, 4

	/* Not 0: polls must call this library although no signal was raised. */
	.weak	__instance_signal_attention
	.type	__instance_signal_attention,@object
__instance_signal_attention:
	.int32	0
	.size	__instance_signal_attention, 4

	.weak	__instance_signal_pending
	.type	__instance_signal_pending,@object
__instance_signal_pending:
	.int64	-1
	.size	__instance_signal_pending, 8

	/* All bits: if a signal has no handler, this library ends the program. */
	.weak	__instance_signal_handled
	.type	__instance_signal_handled,@object
__instance_signal_handled:
	.int64	-1
	.size	__instance_signal_handled, 8

	.weak	__instance_terminated
	.type	__instance_terminated,@object
__instance_terminated:
	.int32	0
	.size	__instance_terminated, 4

	/* How many more polls need no check of the clocks while the word is 0. */
	.globl	wsig_polls_left
	.type	wsig_polls_left,@object
wsig_polls_left:
	.int32	0
	.size	wsig_polls_left, 4

	/* A second definition of the words is a link error with this name. */
	.globl	wasmsig_guest_words_stand_twice__define_them_in_one_place_only
	.type	wasmsig_guest_words_stand_twice__define_them_in_one_place_only,@object
wasmsig_guest_words_stand_twice__define_them_in_one_place_only:
	.int8	0
	.size	wasmsig_guest_words_stand_twice__define_them_in_one_place_only, 1

	.export_name	__instance_signal, __instance_signal
	.export_name	__instance_signal_attention, __instance_signal_attention
	.export_name	__instance_signal_pending, __instance_signal_pending
	.export_name	__instance_signal_handled, __instance_signal_handled
	.export_name	__instance_terminated, __instance_terminated

/* ------------------------------------------------------------------ polls */

	.section	.text.__instance_signal_deliver,"",@
	.globl	__instance_signal_deliver
	.type	__instance_signal_deliver,@function
	.export_name	__instance_signal_deliver, __instance_signal_deliver
__instance_signal_deliver:
	.functype	__instance_signal_deliver () -> ()
	.local	i32, i32
	i32.const	__instance_signal
	i32.const	0
	i32.atomic.rmw.xchg	0
	local.tee	0
	i32.eqz
	if
	/* Only the attention word is set: most polls do not read the clocks. */
	i32.const	wsig_polls_left
	i32.const	wsig_polls_left
	i32.load	0
	i32.const	1
	i32.sub
	local.tee	1
	i32.store	0
	local.get	1
	i32.const	0
	i32.gt_s
	if
	return
	end_if
	end_if
	i32.const	__instance_signal_attention
	i32.const	0
	i32.store	0
	global.get	__stack_pointer
	i32.const	128
	i32.sub
	global.set	__stack_pointer
	local.get	0
	call	wsig_deliver
	global.get	__stack_pointer
	i32.const	128
	i32.add
	global.set	__stack_pointer
	end_function

/* ----------------------------------------------------------------- taking */

	/* By exchange: between a load and a store, a signal could be lost. */
	.section	.text.wsig_take_word,"",@
	.hidden	wsig_take_word
	.globl	wsig_take_word
	.type	wsig_take_word,@function
wsig_take_word:
	.functype	wsig_take_word () -> (i32)
	i32.const	__instance_signal
	i32.const	0
	i32.atomic.rmw.xchg	0
	end_function

	.section	.text.wsig_see_word,"",@
	.hidden	wsig_see_word
	.globl	wsig_see_word
	.type	wsig_see_word,@function
wsig_see_word:
	.functype	wsig_see_word () -> (i32)
	i32.const	__instance_signal
	i32.atomic.load	0
	end_function

	/* Otherwise the host has left all bits at 1, and so does the guest. */
	.section	.text.wsig_host_knows_set,"",@
	.hidden	wsig_host_knows_set
	.globl	wsig_host_knows_set
	.type	wsig_host_knows_set,@function
wsig_host_knows_set:
	.functype	wsig_host_knows_set () -> (i32)
	i32.const	__instance_signal_pending
	i64.atomic.load	0
	i64.const	-1
	i64.ne
	end_function

	.section	.text.wsig_take_set,"",@
	.hidden	wsig_take_set
	.globl	wsig_take_set
	.type	wsig_take_set,@function
wsig_take_set:
	.functype	wsig_take_set () -> (i64)
	i32.const	__instance_signal_pending
	i64.const	0
	i64.atomic.rmw.xchg	0
	end_function
