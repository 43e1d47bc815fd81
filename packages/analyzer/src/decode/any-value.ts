import { malformedBody, type WireReader } from './wire-reader.ts'

/** How deep arrays and maps in an attribute may nest. */
const DEPTH_MAX = 16

/** A JSON value; int64 stays exact as a bigint until it is written. */
type JsonValue = string | number | boolean | bigint | null | readonly JsonValue[] | JsonMap
interface JsonMap {
  readonly [key: string]: JsonValue
}

/**
 * Reads an `AnyValue` as the text that Prometheus makes of it: numbers in shortest form, bytes in
 * base64, arrays and maps in JSON.
 */
export function readAnyValue(reader: WireReader): string {
  const value = readValue(reader, 0)
  if (value === null) return ''
  if (typeof value === 'string') return value
  // NaN and infinities have no JSON form, and Prometheus leaves them empty.
  if (typeof value === 'number') return Number.isFinite(value) ? String(value) : ''
  if (typeof value === 'object') return toJson(value)
  return String(value)
}

// AnyValue: 1 string_value  2 bool_value  3 int_value  4 double_value  5 array_value  6 kvlist_value  7 bytes_value
function readValue(reader: WireReader, depth: number): JsonValue {
  if (depth > DEPTH_MAX) {
    throw malformedBody(`an attribute nests deeper than ${DEPTH_MAX}`, reader.at)
  }
  let value: JsonValue = null
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x0a) value = reader.string()
    else if (tag === 0x10) value = reader.varint() !== 0
    else if (tag === 0x18) value = reader.signedVarint()
    else if (tag === 0x21) value = reader.double()
    else if (tag === 0x2a) value = readArray(reader.message(), depth + 1)
    else if (tag === 0x32) value = readMap(reader.message(), depth + 1)
    else if (tag === 0x3a) value = readBytes(reader)
    else reader.skip(tag)
  }
  return value
}

function readArray(reader: WireReader, depth: number): JsonValue[] {
  const values: JsonValue[] = []
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x0a) values.push(readValue(reader.message(), depth))
    else reader.skip(tag)
  }
  return values
}

function readMap(reader: WireReader, depth: number): JsonMap {
  const entries: [string, JsonValue][] = []
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag !== 0x0a) {
      reader.skip(tag)
      continue
    }
    const pair = reader.message()
    let key = ''
    let value: JsonValue = null
    for (let inner = pair.tag(); inner !== 0; inner = pair.tag()) {
      if (inner === 0x0a) key = pair.string()
      else if (inner === 0x12) value = readValue(pair.message(), depth)
      else pair.skip(inner)
    }
    entries.push([key, value])
  }
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)))
}

function readBytes(reader: WireReader): string {
  const end = reader.lengthEnd()
  const text = Buffer.from(reader.bytes.subarray(reader.at, end)).toString('base64')
  reader.at = end
  return text
}

function toJson(value: JsonValue): string {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(toJson).join(',')}]`
  const pairs = Object.entries(value).map(
    ([key, inner]) => `${JSON.stringify(key)}:${toJson(inner)}`,
  )
  return `{${pairs.join(',')}}`
}
