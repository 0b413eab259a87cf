// SPDX-License-Identifier: Apache-2.0 OR MIT
/** A reporter of node:test: the names of the tests that failed, a line each. */
import { relative } from 'node:path'

/** What failed because of a test within it is named by that test. */
const isNamed = ({ todo, details }) =>
  todo === undefined && details?.error?.failureType !== 'subtestsFailed'

export default async function* failures(source) {
  for await (const { type, data } of source) {
    if (type !== 'test:fail' || !isNamed(data)) continue
    const file = data.file ? `${relative('.', data.file)}: ` : ''
    yield `${file}${data.name.split('\n')[0]}\n`
  }
}
