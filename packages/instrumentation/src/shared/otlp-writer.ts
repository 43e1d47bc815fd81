import type { SpanAttributeValue } from './messages.ts'

const FIRST_BYTES = 16 * 1024
/** A text this short is copied letter by letter: that is quicker than a call out of JavaScript. */
const LETTERS_MAX = 64

// AnyValue { string_value = 1, bool_value = 2, int_value = 3, double_value = 4, array_value = 5 }
// ArrayValue { values = 1 }   KeyValue { key = 1, value = 2 }
// (opentelemetry-proto/opentelemetry/proto/common/v1/common.proto)
const STRING_VALUE = 0x0a
const BOOL_VALUE = 0x10
const INT_VALUE = 0x18
const DOUBLE_VALUE = 0x21
const ARRAY_VALUE = 0x2a
const VALUES = 0x0a
const KEY = 0x0a
const VALUE = 0x12

/**
 * Writes protobuf messages of OTLP, one field after the other, into bytes that it keeps and uses again. A `key` is a
 * field's number times eight plus its wire type, as protobuf has it. Nothing but the growth of its bytes allocates.
 */
export class OtlpWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES)
  #length = 0

  /** Bytes written so far. */
  get length(): number {
    return this.#length
  }

  /** What has been written; valid until the next write. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.#length)
  }

  /** A copy of what has been written. */
  copy(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.subarray(0, this.#length))
  }

  /** Begins anew. */
  clear(): void {
    this.#length = 0
  }

  /** An unsigned number, up to 2^53. */
  varint(key: number, value: number): void {
    this.#number(key)
    this.#number(value)
  }

  /** A flag field of 32 bits. */
  fixed32(key: number, value: number): void {
    this.#number(key)
    this.#reserve(4)
    this.#length = this.#bytes.writeUInt32LE(value, this.#length)
  }

  /** A wall clock time in ms with fractions, as 64 bits of nanoseconds. */
  nanoseconds(key: number, ms: number): void {
    this.#number(key)
    const seconds = Math.floor(ms / 1000)
    const nanoseconds = Math.round((ms - seconds * 1000) * 1e6)
    // A number holds 53 bits exactly, so the seconds are taken in two halves of 16 bits.
    const low = (seconds % 65536) * 1e9 + nanoseconds
    const high = Math.floor(seconds / 65536) * 1e9
    const sum = (high % 65536) * 65536 + low
    this.#reserve(8)
    this.#length = this.#bytes.writeUInt32LE(sum % 2 ** 32, this.#length)
    const carry = Math.floor(sum / 2 ** 32)
    this.#length = this.#bytes.writeUInt32LE(Math.floor(high / 65536) + carry, this.#length)
  }

  /** An id that is kept as hex digits. */
  hex(key: number, digits: string): void {
    this.#number(key)
    const size = digits.length >> 1
    this.#number(size)
    this.#reserve(size)
    const bytes = this.#bytes
    const first = this.#length
    for (let index = 0; index < size; index++) {
      const high = digits.charCodeAt(2 * index)
      const low = digits.charCodeAt(2 * index + 1)
      bytes[first + index] = (digit(high) << 4) | digit(low)
    }
    this.#length = first + size
  }

  /** A text as UTF-8. */
  text(key: number, text: string): void {
    this.#number(key)
    const { length } = text
    this.#reserve(1 + length)
    if (length <= LETTERS_MAX) {
      const bytes = this.#bytes
      const first = this.#length + 1
      let index = 0
      for (; index < length; index++) {
        const code = text.charCodeAt(index)
        if (code > 127) break
        bytes[first + index] = code
      }
      if (index === length) {
        bytes[first - 1] = length
        this.#length = first + length
        return
      }
    }
    const size = Buffer.byteLength(text)
    this.#number(size)
    this.#reserve(size)
    this.#length += this.#bytes.write(text, this.#length)
  }

  /** Bytes of a message that was written before. */
  message(key: number, bytes: Uint8Array): void {
    this.#number(key)
    this.#number(bytes.length)
    this.append(bytes)
  }

  /** Fields that were written before, keys and all. */
  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Begins a message inside this one. Gives what `end` has to be told. */
  begin(key: number): number {
    this.#number(key)
    // Most messages are shorter than 128 bytes, so one byte is left for the length.
    this.#reserve(1)
    this.#length++
    return this.#length
  }

  /** Ends the message that was begun last. */
  end(first: number): void {
    const length = this.#length - first
    if (length < 128) {
      this.#bytes[first - 1] = length
      return
    }
    const more = sizeOf(length) - 1
    this.#reserve(more)
    this.#bytes.copyWithin(first + more, first, this.#length)
    this.#length = first - 1
    this.#number(length)
    this.#length += length
  }

  /** Attributes, each as a KeyValue; those that are undefined are left out. */
  attributes(key: number, attributes: Readonly<Record<string, unknown>>): void {
    for (const name in attributes) {
      const value = attributes[name] as SpanAttributeValue | null | undefined
      if (value === undefined) continue
      const first = this.begin(key)
      this.text(KEY, name)
      this.#value(VALUE, value)
      this.end(first)
    }
  }

  #value(key: number, value: SpanAttributeValue | null | undefined): void {
    const first = this.begin(key)
    if (typeof value === 'string') this.text(STRING_VALUE, value)
    else if (typeof value === 'number') this.#numberValue(value)
    else if (typeof value === 'boolean') this.varint(BOOL_VALUE, value ? 1 : 0)
    else if (value !== null && value !== undefined) {
      const firstItem = this.begin(ARRAY_VALUE)
      for (const item of value) this.#value(VALUES, item)
      this.end(firstItem)
    }
    this.end(first)
  }

  #numberValue(value: number): void {
    if (Number.isSafeInteger(value)) {
      this.#number(INT_VALUE)
      if (value >= 0) this.#number(value)
      else this.#negative(value)
      return
    }
    this.#number(DOUBLE_VALUE)
    this.#reserve(8)
    this.#length = this.#bytes.writeDoubleLE(value, this.#length)
  }

  /** "[...] the resulting varint is always ten bytes long" (protobuf.dev/programming-guides/encoding/#signed-ints) */
  #negative(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value))
    this.#reserve(10)
    for (let index = 0; index < 9; index++) {
      this.#bytes[this.#length++] = Number(rest & 127n) | 128
      rest >>= 7n
    }
    this.#bytes[this.#length++] = Number(rest)
  }

  #number(value: number): void {
    this.#reserve(8)
    const bytes = this.#bytes
    let at = this.#length
    let rest = value
    while (rest > 127) {
      bytes[at++] = (rest % 128) | 128
      rest = Math.floor(rest / 128)
    }
    bytes[at++] = rest
    this.#length = at
  }

  #reserve(count: number): void {
    const wanted = this.#length + count
    if (wanted <= this.#bytes.length) return
    const bytes = Buffer.allocUnsafeSlow(Math.max(wanted, 2 * this.#bytes.length))
    bytes.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = bytes
  }
}

/** The value of a hex digit, in either case. */
function digit(code: number): number {
  return code > 57 ? (code | 0x20) - 87 : code - 48
}

/** Bytes of a number as a varint. */
function sizeOf(value: number): number {
  let size = 1
  for (let rest = value; rest > 127; rest = Math.floor(rest / 128)) size++
  return size
}
