// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Lays out a page of HTML, and renders it. */
import { load, text } from '../packages.mjs'

export async function start() {
  const mupdf = await load('mupdf')
  const page = `<h1>Title</h1>${`<p><i>a</i> <b>b</b> ${text(150, 9)}</p>`.repeat(4)}`
  return () => {
    const document = mupdf.Document.openDocument(Buffer.from(page), 'text/html')
    const first = document.loadPage(0)
    const image = first.toPixmap(
      mupdf.Matrix.scale(1, 1),
      mupdf.ColorSpace.DeviceRGB
    )
    const pixels = Uint8Array.from(image.getPixels())
    for (const one of [image, first, document]) one.destroy()
    return pixels
  }
}
