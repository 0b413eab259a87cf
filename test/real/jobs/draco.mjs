// SPDX-License-Identifier: Apache-2.0 OR MIT
/** Decodes the mesh of a rabbit. */
import { read, require } from '../packages.mjs'

export async function start() {
  const draco = await require('draco3d').createDecoderModule({})
  const encoded = read('draco3d', 'bunny.drc')
  return () => {
    const buffer = new draco.DecoderBuffer()
    buffer.Init(new Int8Array(encoded), encoded.length)
    const decoder = new draco.Decoder()
    const mesh = new draco.Mesh()
    decoder.DecodeBufferToMesh(buffer, mesh)
    const attribute = decoder.GetAttributeByUniqueId(mesh, 0)
    const values = new draco.DracoFloat32Array()
    decoder.GetAttributeFloatForAllPoints(mesh, attribute, values)
    const found = Float32Array.from({ length: values.size() }, (_, i) =>
      values.GetValue(i)
    )
    for (const one of [values, mesh, decoder, buffer]) draco.destroy(one)
    return found
  }
}
