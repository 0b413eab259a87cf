// SPDX-License-Identifier: Apache-2.0 OR MIT
'use strict'
// The bytes of a BufferSource. Reading them calls no code of the program.

const { isAnyArrayBuffer, isDataView } = require('node:util').types

const {
  Uint8Array,
  getterOf,
  viewBuffer,
  viewLength,
  viewOffset
} = require('./primordials.js')

const dataBuffer = getterOf(DataView.prototype, 'buffer')
const dataLength = getterOf(DataView.prototype, 'byteLength')
const dataOffset = getterOf(DataView.prototype, 'byteOffset')

/** A Uint8Array over the same bytes; throws if `source` is no BufferSource. */
function bytesOf(source) {
  if (isAnyArrayBuffer(source)) return new Uint8Array(source)
  return isDataView(source)
    ? new Uint8Array(dataBuffer(source), dataOffset(source), dataLength(source))
    : new Uint8Array(viewBuffer(source), viewOffset(source), viewLength(source))
}

module.exports = { bytesOf }
