// SPDX-License-Identifier: Apache-2.0 OR MIT
/** What scripts/image writes, and how it refuses what it cannot use. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import { folder } from '../cli/support/command.mjs'
import { ROOT, guest, makeImage } from './support/images.mjs'

const json = (file) => JSON.parse(readFileSync(file, 'utf8'))
const EMULATOR = 'qemu-aarch64'

/** An image for all architectures, unpacked: its folder, and what is in it. */
function layoutOf(t) {
  const place = folder(t)
  const archive = join(place, 'app.tar')
  makeImage([guest('prints'), '-o', archive, '--tag', 'example.org/app:2'])
  execFileSync('tar', ['xf', archive, '-C', place])
  const blob = ({ digest }) => join(place, 'blobs', ...digest.split(':'))
  const [top] = json(join(place, 'index.json')).manifests
  return { place, archive, blob, top, index: json(blob(top)) }
}

test('one index has both processors, under the name that is given', (t) => {
  const { place, blob, top, index } = layoutOf(t)
  assert.deepEqual(json(join(place, 'oci-layout')), {
    imageLayoutVersion: '1.0.0'
  })
  assert.deepEqual(top.annotations, {
    'org.opencontainers.image.ref.name': '2',
    'io.containerd.image.name': 'example.org/app:2'
  })
  assert.deepEqual(
    index.manifests.map(({ platform }) => platform),
    ['amd64', 'arm64'].map((architecture) => ({ architecture, os: 'linux' }))
  )
  for (const described of index.manifests) {
    const { config, layers } = json(blob(described))
    const image = json(blob(config))
    assert.equal(image.architecture, described.platform.architecture)
    assert.deepEqual(image.config, {
      User: '65532:65532',
      WorkingDir: '/',
      Entrypoint: ['/wasmsig', 'run', '--grace', '10s', '/app.wasm']
    })
    assert.deepEqual(
      image.rootfs.diff_ids,
      layers.map(({ digest }) => digest)
    )
  }
})

test('every blob has the digest and the size that are said of it', (t) => {
  const { place, blob, top, index } = layoutOf(t)
  const manifests = index.manifests.map((one) => json(blob(one)))
  const described = manifests.flatMap(({ config, layers }) => [
    config,
    ...layers
  ])
  for (const one of [top, ...index.manifests, ...described]) {
    const data = readFileSync(blob(one))
    const sum = createHash('sha256').update(data).digest('hex')
    assert.deepEqual([one.digest, one.size], [`sha256:${sum}`, data.length])
  }
  const digests = new Set(
    [top, ...index.manifests, ...described].map(({ digest }) => digest)
  )
  assert.equal(readdirSync(join(place, 'blobs/sha256')).length, digests.size)
})

test('the same program makes the same bytes', (t) => {
  const [one, other] = [layoutOf(t), layoutOf(t)]
  assert.ok(readFileSync(one.archive).equals(readFileSync(other.archive)))
})

test('files belong to root, and nobody else may write them', (t) => {
  const { blob, index } = layoutOf(t)
  for (const described of index.manifests)
    for (const layer of json(blob(described)).layers) {
      const list = execFileSync('tar', ['tvf', blob(layer)], {
        encoding: 'utf8'
      })
      for (const line of list.trim().split('\n'))
        assert.match(line, /^(-rw-r--r--|-rwxr-xr-x|drwxr-xr-x) 0\/0 /)
    }
})

test('the image for arm64 is whole: its command runs in an emulator', (t) => {
  const { place, blob, index } = layoutOf(t)
  const root = join(place, 'arm64')
  mkdirSync(root)
  for (const layer of json(blob(index.manifests[1])).layers)
    execFileSync('tar', ['xf', blob(layer), '-C', root])
  const run = (...args) =>
    spawnSync(EMULATOR, ['-L', root, join(root, 'wasmsig'), ...args], {
      encoding: 'utf8',
      // Only what is in the image.
      env: { LD_LIBRARY_PATH: join(root, 'lib/aarch64-linux-gnu') }
    })
  const version = run('--version')
  assert.deepEqual([version.status, version.stderr], [0, ''])
  const app = join(root, 'app.wasm')
  const { status, stdout, stderr } = run(
    ...['run', '--engine', 'wamr', app, 'one', 'two']
  )
  assert.deepEqual([status, stdout], [0, 'one\ntwo\n'], stderr)
})

test('what cannot be used is refused in one line, and nothing is left', (t) => {
  const place = folder(t)
  const text = join(place, 'text.wasm')
  writeFileSync(text, 'text')
  const script = join(ROOT, 'scripts/image')
  for (const [args, status, message] of [
    [[text, '-o', join(place, 'a.tar')], 1, /text\.wasm is no WebAssembly/],
    [['missing.wasm', '-o', join(place, 'a.tar')], 1, /missing\.wasm/],
    [[guest('plain'), '-o', '/nowhere/a.tar', '--arch', 'x64'], 1, /nowhere/],
    [['--workerd', place], 2, /--workerd needs --packages/],
    [['--arch', 'mips'], 2, /invalid choice: 'mips'/],
    [['--workerd', place, '--packages', place], 1, /config\.capnp is missing/]
  ]) {
    const done = spawnSync(script, args, { encoding: 'utf8' })
    assert.equal(done.status, status, done.stderr)
    assert.match(done.stderr, message)
    if (status === 1) assert.match(done.stderr, /^image: [^\n]*\n$/)
  }
  assert.ok(!existsSync(join(place, 'a.tar')))
})

test('--help says how the image is loaded', () => {
  const { status, stdout } = spawnSync(
    join(ROOT, 'scripts/image'),
    ['--help'],
    { encoding: 'utf8' }
  )
  assert.equal(status, 0)
  for (const line of ['ctr images import', 'podman load', 'docker load'])
    assert.ok(stdout.includes(line), line)
})
