// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Keeps functions as early as a program can. */
export const captured = {
  instantiate: WebAssembly.instantiate,
  Instance: WebAssembly.Instance
}
