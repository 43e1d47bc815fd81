const LENGTH_BYTES = 5

/** Where a message's length goes when its end is known. */
export type MessageMark = number

/** Writes protobuf fields into one growing buffer; field number 0 writes a value without a tag. */
export class WireWriter {
  #bytes: Buffer
  #at = 0

  constructor(sizeHint = 256) {
    this.#bytes = Buffer.allocUnsafe(Math.max(64, sizeHint))
  }

  varint(field: number, value: bigint | number): void {
    this.#tag(field, 0)
    this.#varint(typeof value === 'number' ? BigInt(value) : value)
  }

  fixed64(field: number, value: bigint): void {
    this.#tag(field, 1)
    this.#reserve(8)
    this.#bytes.writeBigUInt64LE(value, this.#at)
    this.#at += 8
  }

  double(field: number, value: number): void {
    this.#tag(field, 1)
    this.#reserve(8)
    this.#bytes.writeDoubleLE(value, this.#at)
    this.#at += 8
  }

  string(field: number, value: string): void {
    const length = Buffer.byteLength(value)
    this.#tag(field, 2)
    this.#varint(BigInt(length))
    this.#reserve(length)
    this.#at += this.#bytes.write(value, this.#at)
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, 2)
    this.#varint(BigInt(value.length))
    this.#reserve(value.length)
    this.#bytes.set(value, this.#at)
    this.#at += value.length
  }

  /** Begins an embedded message; its length is written by `endMessage`. */
  beginMessage(field: number): MessageMark {
    this.#tag(field, 2)
    this.#reserve(LENGTH_BYTES)
    this.#at += LENGTH_BYTES
    return this.#at
  }

  endMessage(mark: MessageMark): void {
    // A varint may be longer than it must be, so the length has a fixed place and nothing moves.
    let length = this.#at - mark
    for (let i = 0; i < LENGTH_BYTES; i++) {
      this.#bytes[mark - LENGTH_BYTES + i] = (length & 0x7f) | (i < LENGTH_BYTES - 1 ? 0x80 : 0)
      length >>>= 7
    }
  }

  /** What was written; the writer must not be used after. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }

  #tag(field: number, type: number): void {
    if (field !== 0) this.#varint(BigInt(field * 8 + type))
  }

  #varint(value: bigint): void {
    this.#reserve(10)
    let rest = value
    while (rest >= 0x80n) {
      this.#bytes[this.#at++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#bytes[this.#at++] = Number(rest)
  }

  #reserve(length: number): void {
    if (this.#at + length <= this.#bytes.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.#at + length, this.#bytes.length * 2))
    this.#bytes.copy(grown, 0, 0, this.#at)
    this.#bytes = grown
  }
}
