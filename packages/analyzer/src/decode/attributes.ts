import { readAnyValue } from './any-value.ts'
import { WireReader } from './wire-reader.ts'

/** An attribute's key and its value as text. */
export type Attribute = readonly [key: string, value: string]

/** The attributes among the fields of a message in [start, end): those behind `tag`, in their order. */
export function readAttributes(
  bytes: Uint8Array,
  start: number,
  end: number,
  tag: number,
): Attribute[] {
  const reader = new WireReader(bytes, start, end)
  const attributes: Attribute[] = []
  for (let next = reader.tag(); next !== 0; next = reader.tag()) {
    if (next === tag) attributes.push(readKeyValue(reader.message()))
    else reader.skip(next)
  }
  return attributes
}

/** Reads a `KeyValue`: 1 key, 2 value. */
export function readKeyValue(reader: WireReader): Attribute {
  let key = ''
  let value = ''
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x0a) key = reader.string()
    else if (tag === 0x12) value = readAnyValue(reader.message())
    else reader.skip(tag)
  }
  return [key, value]
}
