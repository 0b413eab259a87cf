// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * examples/kubernetes: each manifest keeps to the API's schemas, and its containers
 * do what docs/how-to/kubernetes.md says when they are started that way.
 */
import assert from 'node:assert/strict'
import { chmodSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { Container } from '../../examples/load-balanced/container.mjs'
import { buildPlugins } from '../e2e/support/server.mjs'
import { freePort } from '../support/ports.mjs'
import { cannotRun } from './support/able.mjs'
import { terminate } from './support/checks.mjs'
import { CRUN, annotated, wasmOnlyImage } from './support/crun.mjs'
import { guest, imageOf } from './support/images.mjs'
import {
  VERSIONS,
  manifests,
  objectsIn,
  problems
} from './support/manifests.mjs'
import { runInRunc, start, startInRunc } from './support/runc.mjs'

const skip = cannotRun('runc')
const all = manifests()

for (const [name, text] of all)
  for (const version of VERSIONS)
    test(`${name} keeps to the schemas of ${version}`, () => {
      const objects = objectsIn(text)
      assert.ok(objects.length > 0)
      for (const object of objects)
        assert.deepEqual(problems(object, version), [], object.kind)
    })

test('a manifest with a wrong field or value is refused', () => {
  const [deployment] = objectsIn(textOf('server.yaml'))
  for (const breakIt of [
    ({ spec }) => (spec.replica = 1),
    ({ spec }) => (spec.replicas = 'three'),
    ({ spec }) => delete spec.selector,
    ({ spec }) => (spec.template.spec.containers[0].readinesProbe = {}),
    ({ spec }) => (spec.template.spec.terminationGracePeriodSeconds = '20s')
  ]) {
    const copy = structuredClone(deployment)
    breakIt(copy)
    for (const version of VERSIONS)
      assert.notDeepEqual(problems(copy, version), [], String(breakIt))
  }
})

// ------------------------------------------------------------------ executed

function textOf(name) {
  return all.find(([file]) => file === name)[1]
}

const podOf = (name) => objectsIn(textOf(name))[0].spec.template.spec

/** Bytes and share of a processor, from Kubernetes' quantities. */
function bytes(quantity) {
  const [, number, unit] = /^(\d+)(Ki|Mi|Gi)$/.exec(quantity)
  return number * 1024 ** { Ki: 1, Mi: 2, Gi: 3 }[unit]
}
const processors = (quantity) =>
  quantity.endsWith('m') ? parseInt(quantity) / 1000 : Number(quantity)

/** Changes a specification as a kubelet would for a pod's first container. */
const asIn = (pod) => (spec) => {
  const [container] = pod.containers
  const { runAsUser, runAsGroup, runAsNonRoot } = pod.securityContext
  assert.ok(runAsNonRoot && runAsUser > 0)
  const { readOnlyRootFilesystem, allowPrivilegeEscalation, capabilities } =
    container.securityContext
  assert.deepEqual(capabilities, { drop: ['ALL'] })
  spec.process.args = [...container.command, ...container.args]
  spec.process.user = { uid: runAsUser, gid: runAsGroup }
  spec.process.noNewPrivileges = !allowPrivilegeEscalation
  spec.process.capabilities = {}
  spec.root.readonly = readOnlyRootFilesystem
  const { cpu, memory } = container.resources.limits
  const period = 100_000
  spec.linux.resources = {
    memory: { limit: bytes(memory) },
    cpu: { period, quota: processors(cpu) * period }
  }
}

describe('program.yaml', { skip }, () => {
  const pod = podOf('program.yaml')
  const [container] = pod.containers

  test('its grace is longer than that of the command', () => {
    const words = container.command
    const grace = parseInt(words[words.indexOf('--grace') + 1])
    assert.ok(pod.terminationGracePeriodSeconds > grace)
  })

  test('a program that receives SIGTERM ends with its status', async (t) => {
    const image = imageOf(guest('receives'))
    const program = startInRunc(t, image, { change: asIn(pod) })
    const { status, stdout } = await terminate(program)
    assert.deepEqual([status, stdout], [3, 'busy\nreceived SIGTERM\n'])
  })

  test('one that knows nothing of it ends with 143', async (t) => {
    const program = startInRunc(t, imageOf(guest('plain')), {
      change: asIn(pod)
    })
    assert.equal((await terminate(program)).status, 143)
  })

  test('a limit of CPU time ends one with 152, however it is throttled', async (t) => {
    const quick = structuredClone(pod)
    const { args } = quick.containers[0]
    args[args.indexOf('--cpu-hard') + 1] = '100ms'
    args[args.indexOf('--cpu-soft') + 1] = '50ms'
    const change = asIn(quick)
    const stopped = await runInRunc(t, imageOf(guest('plain')), { change })
    assert.equal(stopped.status, 152, stopped.stderr)
    const signalled = await runInRunc(t, imageOf(guest('receives')), { change })
    assert.deepEqual(
      [signalled.status, signalled.stdout],
      [3, 'busy\nreceived SIGXCPU\n']
    )
  })

  test('--max-memory ends below the limit of the container', async (t) => {
    const greedy = structuredClone(pod)
    greedy.containers[0].args.push('take', '100')
    const { status, stderr } = await runInRunc(t, imageOf(guest('prints')), {
      change: asIn(greedy)
    })
    assert.equal(status, 1, stderr) // malloc() failed; 137 by the kernel
  })
})

describe('crun.yaml', { skip: cannotRun('crun') }, () => {
  const [, { metadata, spec }] = objectsIn(textOf('crun.yaml'))
  const [container] = spec.containers

  /** As containerd passes the pod's annotations on. */
  const as = (annotations) => (specification) => {
    const { cpu, memory } = container.resources.limits
    annotated({})(specification)
    specification.annotations = { ...metadata.annotations, ...annotations }
    specification.process.user = {
      uid: spec.securityContext.runAsUser,
      gid: spec.securityContext.runAsGroup
    }
    specification.linux.resources = {
      memory: { limit: bytes(memory) },
      cpu: { period: 100_000, quota: processors(cpu) * 100_000 }
    }
  }

  test('it ends at SIGTERM, and at its limit', async (t) => {
    const only = (name) => wasmOnlyImage(guest(name), name)
    const program = start(t, CRUN, only('receives'), { change: as({}) })
    assert.equal((await terminate(program)).status, 3)
    const limits = { 'wasmsig.cpu-soft': '50ms', 'wasmsig.cpu-hard': '50ms' }
    const stopped = start(t, CRUN, only('plain'), { change: as(limits) })
    assert.equal((await stopped.ended).status, 152)
  })
})

describe('server.yaml', { skip }, () => {
  const pod = podOf('server.yaml')
  const [container] = pod.containers
  const settings = Object.fromEntries(
    container.env.map(({ name, value }) => [name, value])
  )
  let plugins
  before(async () => {
    plugins = await buildPlugins()
    chmodSync(plugins.folder, 0o755) // the container has another user
  })
  after(() => plugins.remove())

  test('its grace is longer than what the server takes to end', () => {
    const ms = Number(settings.LINGER_MS) + Number(settings.DRAIN_MS)
    assert.ok(pod.terminationGracePeriodSeconds * 1000 > ms)
    const notice =
      container.readinessProbe.periodSeconds *
      container.readinessProbe.failureThreshold
    assert.ok(Number(settings.LINGER_MS) > notice * 1000)
  })

  test('probes answer as they should until SIGTERM and after it', async () => {
    const port = await freePort()
    const server = new Container(plugins.folder, { ...settings, PORT: port })
    const status = ({ httpGet }) =>
      fetch(`${server.address}${httpGet.path}`).then(
        (response) => response.status,
        () => undefined
      )
    const { readinessProbe, livenessProbe } = container
    try {
      while ((await status(readinessProbe)) === undefined) await sleep(50)
      assert.equal(await status(readinessProbe), 200)
      assert.equal(await status(livenessProbe), 200)
      server.kill('SIGTERM')
      while ((await status(readinessProbe)) === 200) await sleep(10)
      assert.equal(await status(readinessProbe), 503)
      assert.equal(await status(livenessProbe), 200)
      assert.equal(await server.ended, 0, server.output)
    } finally {
      await server.remove()
    }
  })

  test('the metrics are where the annotations say', () => {
    const [{ spec }] = objectsIn(textOf('server.yaml'))
    const { annotations } = spec.template.metadata
    assert.equal(annotations['prometheus.io/port'], settings.PORT)
    assert.equal(annotations['prometheus.io/path'], '/metrics')
  })
})
