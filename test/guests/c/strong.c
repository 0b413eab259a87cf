/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Words of somebody else, as workers-rs and wasm-bindgen define and export
 * them. */
unsigned int __instance_signal = 0xffff;
unsigned int __instance_terminated = 7;

__asm__(
    ".export_name __instance_signal, __instance_signal\n"
    ".export_name __instance_terminated, __instance_terminated\n");

__attribute__((export_name("theirs"))) unsigned int *theirs(void) {
  return &__instance_signal;
}
