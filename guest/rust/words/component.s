# SPDX-License-Identifier: Apache-2.0 OR MIT
#
# What a component (wasm32-wasip2) has instead of words.s: the type of the
# functions that it imports from its host. The linker of components makes an
# import of it. It is the world `receiver` of wit/signals.wit, in the encoding of
# wit-component. component.o is this file, assembled by
#
#     clang-19 --target=wasm32 -c -o component.o component.s
#
# Change both together; a test compares them.

# The crate calls this function, so that the linker takes the type below too.

	.section	.text.wasmsig_guest_rust_component,"",@
	.globl	wasmsig_guest_rust_component
	.type	wasmsig_guest_rust_component,@function
wasmsig_guest_rust_component:
	.functype	wasmsig_guest_rust_component () -> ()
	end_function

	.section	".custom_section.component-type:wasmsig:signals@0.1.0","",@
# The header of a component.
	.ascii	"\000asm\r\000\001\000"
# A custom section: the version of the encoding (4), strings in UTF-8.
	.ascii	"\000\031\026wit-component-encoding\004\000"
# A section of one type, a component type of two declarations.
	.ascii	"\007\145\001A\002"
# First a component type of two declarations, the world.
	.ascii	"\001A\002"
# take: func(handled: u64) -> u64, in an instance type.
	.ascii	"\001B\002\001@\001\007handledw\000w\004\000\004take\001\000"
# The import of such an instance.
	.ascii	"\003\000\035wasmsig:signals/signals@0.1.0\005\000"
# Then the export of the world.
	.ascii	"\004\000\036wasmsig:signals/receiver@0.1.0\004\000"
# A section of one export: the type, by the world's name.
	.ascii	"\013\016\001\000\010receiver\003\000\000"
