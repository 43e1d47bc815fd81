import { ChokepointError } from '../model/errors.ts'

/** Wire types of protobuf, the low three bits of a tag: https://protobuf.dev/programming-guides/encoding/ */
const VARINT = 0
const FIXED64 = 1
const LENGTH = 2
const GROUP_START = 3
const GROUP_END = 4
const FIXED32 = 5

const GROUP_DEPTH_MAX = 32

/** A body that is not protobuf as OTLP has it. */
export function malformedBody(what: string, at: number): ChokepointError {
  return new ChokepointError(
    'BODY_INVALID',
    `cannot decode the OTLP request: ${what} at byte ${at}`,
  )
}

/** Walks protobuf fields over bytes; a position past the end of a message is an error, never a guess. */
export class WireReader {
  readonly bytes: Uint8Array
  readonly view: DataView
  at: number
  end: number

  /** `view` must be of the same bytes: making one costs more than reading a small message. */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length, view = viewOf(bytes)) {
    this.bytes = bytes
    this.view = view
    this.at = start
    this.end = end
  }

  /** The next tag, or 0 at the end of the message. */
  tag(): number {
    if (this.at >= this.end) return 0
    const tag = this.varint()
    if (tag >>> 3 === 0) throw malformedBody('field number 0', this.at)
    return tag
  }

  /** An unsigned varint as a number; above 2^53 the low digits are lost. */
  varint(): number {
    const low = this.bytes[this.at]
    if (low !== undefined && low < 0x80 && this.at < this.end) {
      this.at++
      return low
    }
    let value = 0
    let scale = 1
    for (let i = 0; i < 10; i++) {
      if (this.at >= this.end) throw malformedBody('a number is cut off', this.at)
      const byte = this.bytes[this.at++]!
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
      scale *= 128
    }
    throw malformedBody('a number is longer than 10 bytes', this.at)
  }

  /** A varint that holds two's complement, such as int64. */
  signedVarint(): bigint {
    let value = 0n
    for (let i = 0n; i < 10n; i++) {
      if (this.at >= this.end) throw malformedBody('a number is cut off', this.at)
      const byte = this.bytes[this.at++]!
      value |= BigInt(byte & 0x7f) << (7n * i)
      if (byte < 0x80) return BigInt.asIntN(64, value)
    }
    throw malformedBody('a number is longer than 10 bytes', this.at)
  }

  /** A zigzag varint: sint32. */
  zigzag(): number {
    const value = this.varint()
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }

  double(): number {
    this.#need(8)
    const value = this.view.getFloat64(this.at, true)
    this.at += 8
    return value
  }

  /** An unsigned 64-bit number; above 2^53 the low digits are lost. */
  fixed64(): number {
    this.#need(8)
    const value = readFixed64(this.view, this.at)
    this.at += 8
    return value
  }

  /** All 64 bits. */
  fixed64Exact(): bigint {
    this.#need(8)
    const value = this.view.getBigUint64(this.at, true)
    this.at += 8
    return value
  }

  /** Nanoseconds since 1970 as whole milliseconds. */
  timeMs(): number {
    this.#need(8)
    const value = readTimeMs(this.view, this.at)
    this.at += 8
    return value
  }

  /** Reads a length and returns where that many bytes end; `at` is where they start. */
  lengthEnd(): number {
    const length = this.varint()
    const end = this.at + length
    if (end > this.end)
      throw malformedBody(`${length} bytes are announced, fewer are left`, this.at)
    return end
  }

  /** A reader of the embedded message that starts here; this one goes on behind it. */
  message(): WireReader {
    const end = this.lengthEnd()
    const inner = new WireReader(this.bytes, this.at, end, this.view)
    this.at = end
    return inner
  }

  string(): string {
    const end = this.lengthEnd()
    const text = decodeUtf8(this.bytes, this.at, end)
    this.at = end
    return text
  }

  /** Passes over a field that nobody asked for. */
  skip(tag: number, depth = 0): void {
    switch (tag & 7) {
      case VARINT:
        this.varint()
        return
      case FIXED64:
        this.#need(8)
        this.at += 8
        return
      case LENGTH:
        this.at = this.lengthEnd()
        return
      case FIXED32:
        this.#need(4)
        this.at += 4
        return
      case GROUP_START:
        this.#skipGroup(tag, depth)
        return
      default:
        throw malformedBody(`wire type ${tag & 7}`, this.at)
    }
  }

  #skipGroup(tag: number, depth: number): void {
    if (depth >= GROUP_DEPTH_MAX) {
      throw malformedBody(`groups nest deeper than ${GROUP_DEPTH_MAX}`, this.at)
    }
    for (;;) {
      const inner = this.tag()
      if (inner === 0) throw malformedBody('a group does not end', this.at)
      if ((inner & 7) === GROUP_END) {
        if (inner >>> 3 !== tag >>> 3)
          throw malformedBody('a group ends with another number', this.at)
        return
      }
      this.skip(inner, depth + 1)
    }
  }

  #need(length: number): void {
    if (this.at + length > this.end) throw malformedBody('a field is cut off', this.at)
  }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** An unsigned 64-bit number; above 2^53 the low digits are lost. */
export function readFixed64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * 4294967296 + view.getUint32(at, true)
}

/** Nanoseconds since 1970 as whole milliseconds. */
export function readTimeMs(view: DataView, at: number): number {
  // 2^32 ns are 4294 ms and 967296 ns; so split, every product stays below 2^53 and is exact.
  const high = view.getUint32(at + 4, true)
  return high * 4294 + Math.floor((high * 967296 + view.getUint32(at, true)) / 1e6)
}

const utf8 = new TextDecoder('utf-8')

/** Text from bytes; a byte that is not UTF-8 becomes U+FFFD. */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  return utf8.decode(bytes.subarray(start, end))
}
