// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Renders a picture of paths, gradients and a filter. */
import { load, numbers, read } from '../packages.mjs'

function picture() {
  const next = numbers(7)
  const shapes = Array.from({ length: 60 }, () => {
    const [x, y, r] = [next() % 256, next() % 256, next() % 60]
    return `<circle cx="${x}" cy="${y}" r="${r}" fill="url(#g)" opacity=".5"/>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" width="256" height="256"><defs>
    <linearGradient id="g"><stop stop-color="red"/><stop offset="1"
      stop-color="blue"/></linearGradient><filter id="f"><feGaussianBlur
      stdDeviation="3"/></filter></defs><g filter="url(#f)">${shapes.join('')}
    </g></svg>`
}

export async function start() {
  const { Resvg, initWasm } = await load('@resvg/resvg-wasm', 'index.mjs')
  await initWasm(read('@resvg/resvg-wasm', 'index_bg.wasm'))
  return () => {
    const resvg = new Resvg(picture())
    const image = resvg.render()
    const { pixels } = image
    image.free()
    resvg.free()
    return pixels
  }
}
