// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A reporter of node:test: a line of JSON for each test that ran. */
export default async function* reporter(source) {
  for await (const { type, data } of source) {
    if (type !== 'test:pass' && type !== 'test:fail') continue
    const { name, todo, skip, details } = data
    const { message } = details.error?.cause ?? details.error ?? {}
    const failed = type === 'test:fail'
    yield `${JSON.stringify({ name, failed, todo, skip, message })}\n`
  }
}
