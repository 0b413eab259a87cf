// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Skia: draws curves with a gradient. */
import { numbers, pathIn, require } from '../packages.mjs'

export async function start() {
  const locateFile = (file) => pathIn('canvaskit-wasm', `bin/${file}`)
  const kit = await require('canvaskit-wasm')({ locateFile })
  return () => {
    const next = numbers(19)
    const surface = kit.MakeSurface(200, 200)
    const canvas = surface.getCanvas()
    const paint = new kit.Paint()
    paint.setAntiAlias(true)
    for (let i = 0; i < 100; i++) {
      paint.setColor(kit.Color(next() % 256, next() % 256, next() % 256, 0.5))
      canvas.drawCircle(next() % 200, next() % 200, next() % 40, paint)
      canvas.rotate(3, 100, 100)
    }
    const image = surface.makeImageSnapshot()
    const encoded = image.encodeToBytes()
    for (const one of [image, paint, surface]) one.delete()
    return encoded
  }
}
