/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A word of the program's own: where it uses no stack there is no other. */
unsigned int __instance_signal;
