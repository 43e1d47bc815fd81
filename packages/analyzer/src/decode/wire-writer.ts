/** Where a message's content begins, behind the first byte of its length. */
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
    this.#reserve(1)
    return ++this.#at
  }

  endMessage(mark: MessageMark): void {
    const length = this.#at - mark
    // Most messages are below 128 bytes and have their length's one byte already; others move.
    const more = lengthBytes(length) - 1
    if (more > 0) {
      this.#reserve(more)
      this.#bytes.copyWithin(mark + more, mark, this.#at)
      this.#at += more
    }
    let rest = length
    for (let i = mark - 1; i < mark + more; i++) {
      this.#bytes[i] = (rest & 0x7f) | (i < mark + more - 1 ? 0x80 : 0)
      rest >>>= 7
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

function lengthBytes(length: number): number {
  let bytes = 1
  for (let rest = length >>> 7; rest > 0; rest >>>= 7) bytes++
  return bytes
}
