// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Physics: boxes fall on each other. */
import { load } from '../packages.mjs'

export async function start() {
  const rapier = await load('@dimforge/rapier3d-compat')
  await rapier.init()
  return () => {
    const world = new rapier.World({ x: 0, y: -9.81, z: 0 })
    world.createCollider(rapier.ColliderDesc.cuboid(10, 0.1, 10))
    const bodies = Array.from({ length: 40 }, (_, i) => {
      const at = rapier.RigidBodyDesc.dynamic().setTranslation(
        i % 3,
        1 + i,
        i % 2
      )
      const body = world.createRigidBody(at)
      world.createCollider(rapier.ColliderDesc.cuboid(0.5, 0.5, 0.5), body)
      return body
    })
    for (let i = 0; i < 60; i++) world.step()
    const places = bodies.map((body) => body.translation())
    world.free()
    return places
  }
}
