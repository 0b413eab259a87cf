// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Draws, resizes, blurs, and writes a picture. */
import { load, read } from '../packages.mjs'

export async function start() {
  const magick = await load('@imagemagick/magick-wasm', 'dist/index.js')
  const path = 'dist/x86/magick.wasm'
  await magick.initializeImageMagick(read('@imagemagick/magick-wasm', path))
  return () =>
    magick.ImageMagick.read('gradient:red-blue', (image) => {
      image.resize(90, 70)
      image.rotate(15)
      image.blur(2, 1)
      return image.getPixels((pixels) =>
        Uint8Array.from(pixels.getArea(0, 0, image.width, image.height))
      )
    })
}
