// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Why a test cannot run under AddressSanitizer; false: that does not run. */
const underAsan = /libasan/.test(process.env.LD_PRELOAD ?? '')

export const ofResidentSets =
  underAsan && 'AddressSanitizer keeps what was freed for a while'
export const ofAddressSpace =
  underAsan && 'AddressSanitizer takes terabytes of address space'
