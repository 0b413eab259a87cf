// SPDX-License-Identifier: Apache-2.0 OR MIT
/** The bill of materials, and the checksums of all files. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { Spec, Validation } from '@cyclonedx/cyclonedx-library'

import { DIST, VERSION } from './support/packages.mjs'

const text = readFileSync(join(DIST, 'sbom.cdx.json'), 'utf8')
const bill = JSON.parse(text)
const OWN = ['sbom.cdx.json', 'SHA256SUMS']

test('sha256sum finds each file as it was made, and no other file', () => {
  const { status, stderr } = spawnSync(
    'sha256sum',
    ['--check', '--strict', 'SHA256SUMS'],
    { cwd: DIST, encoding: 'utf8' }
  )
  assert.equal(status, 0, stderr)
  const listed = readFileSync(join(DIST, 'SHA256SUMS'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(/ [ *]/)[1])
  assert.deepEqual([...listed, 'SHA256SUMS'].sort(), readdirSync(DIST).sort())
})

test('the bill of materials keeps to the schema of CycloneDX 1.6', async () => {
  const validator = new Validation.JsonStrictValidator(Spec.Version.v1dot6)
  assert.equal(await validator.validate(text), null)
  const wrong = text.replace('"specVersion"', '"specVersions"')
  assert.notEqual(await validator.validate(wrong), null)
})

test('it has each file with its checksum', () => {
  const files = bill.components.filter(({ type }) => type === 'file')
  assert.deepEqual(
    files.map(({ name }) => name).sort(),
    readdirSync(DIST)
      .filter((name) => !OWN.includes(name))
      .sort()
  )
  for (const { name, hashes } of files) {
    const sum = createHash('sha256')
      .update(readFileSync(join(DIST, name)))
      .digest('hex')
    assert.deepEqual(hashes, [{ alg: 'SHA-256', content: sum }])
  }
})

test('it has the parts that are not ours, each with a licence', () => {
  assert.equal(bill.metadata.component.version, VERSION)
  const parts = bill.components.filter(({ type }) => type === 'library')
  assert.deepEqual(parts.map(({ name }) => name).sort(), [
    ...['glibc', 'libunwind', 'musl', 'wamr', 'wasmtime', 'xxhash', 'zig']
  ])
  const all = parts.flatMap((part) => [part, ...(part.components ?? [])])
  assert.ok(all.length > 50)
  for (const { name, licenses } of all)
    assert.ok(licenses?.length > 0, `${name} has no licence`)
})
