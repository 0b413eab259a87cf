// SPDX-License-Identifier: Apache-2.0 OR MIT
/** How entries of the lists are made. */

export const mutation = (test, file) => (claim, from, to) => ({
  test,
  file,
  claim,
  from,
  to
})

/** A unit test under the address sanitizers. */
export const unit = (name) => ({
  sources: [`test/unit/${name}.c`],
  instruments: name.startsWith('instrument/'),
  flags: ['-fsanitize=address,undefined', '-fno-sanitize-recover=all'],
  libraries: ['-lcmocka']
})
