// SPDX-License-Identifier: Apache-2.0 OR MIT
/**
 * The bytes of a trace: events, each an OP and its operands. Numbers are LEB128,
 * texts have their length first. A value has a tag first:
 *
 *   i  a whole number of 32 bits     d  any other number, 8 bytes
 *   q  a bigint, 8 bytes             r  an object, by its number
 *   n  null                          u  undefined, or what is no value
 *   b  true or false, a byte
 */

export const OP = {
  END: 0,
  INSTANTIATE: 1,
  CALL: 2,
  CALL_ELEMENT: 3,
  RETURN: 4,
  THROW: 5,
  IMPORT: 6,
  IMPORT_RETURN: 7,
  IMPORT_THROW: 8,
  WRITE: 9,
  GROW: 10,
  TABLE_SET: 11,
  TABLE_GROW: 12,
  GLOBAL_SET: 13,
  HOST_FUNCTION: 14,
  MEMORY: 15,
  JOB: 16
}

export class Writer {
  #bytes = Buffer.alloc(1 << 16)
  length = 0

  get bytes() {
    return this.#bytes.subarray(0, this.length)
  }

  #reserve(length) {
    if (this.length + length <= this.#bytes.length) return
    const larger = Buffer.alloc(2 * (this.length + length))
    this.#bytes.copy(larger)
    this.#bytes = larger
  }

  byte(value) {
    this.#reserve(1)
    this.#bytes[this.length++] = value
  }

  number(value) {
    for (; value >= 0x80; value = Math.floor(value / 0x80))
      this.byte((value % 0x80) | 0x80)
    this.byte(value)
  }

  copy(bytes) {
    this.number(bytes.length)
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  text(text) {
    this.copy(Buffer.from(text))
  }

  tag(letter) {
    this.byte(letter.charCodeAt(0))
  }

  /** @param {(object: unknown) => number} numberOf numbers of objects */
  value(value, numberOf) {
    switch (typeof value) {
      case 'number':
        return this.#amount(value)
      case 'bigint':
        this.tag('q')
        this.#reserve(8)
        this.#bytes.writeBigInt64LE(BigInt.asIntN(64, value), this.length)
        this.length += 8
        return
      case 'boolean':
        this.tag('b')
        return this.byte(Number(value))
      case 'undefined':
        return this.tag('u')
      default:
        if (value === null) return this.tag('n')
        this.tag('r')
        this.number(numberOf(value))
    }
  }

  #amount(value) {
    if ((value | 0) === value && !Object.is(value, -0)) {
      this.tag('i')
      return this.number(value >>> 0)
    }
    this.tag('d')
    this.#reserve(8)
    this.#bytes.writeDoubleLE(value, this.length)
    this.length += 8
  }
}
