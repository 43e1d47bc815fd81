import { type Attribute, readKeyValue } from './attributes.ts'
import { WireReader } from './wire-reader.ts'

/** An observation that stands for others, with the trace that it was made in. */
export interface PointExemplar {
  readonly timeMs: number
  readonly value: number
  /** Hex; empty when the observation was made in no span. */
  readonly traceId: string
  readonly spanId: string
  /** Attributes that the metric's views had dropped. */
  readonly attributes: readonly Attribute[]
}

/** The exemplars among the fields of a point in [start, end): those behind `tag`. */
export function readExemplars(
  bytes: Uint8Array,
  start: number,
  end: number,
  tag: number,
): PointExemplar[] {
  const reader = new WireReader(bytes, start, end)
  const exemplars: PointExemplar[] = []
  for (let next = reader.tag(); next !== 0; next = reader.tag()) {
    if (next === tag) exemplars.push(readExemplar(reader.message()))
    else reader.skip(next)
  }
  return exemplars
}

// Exemplar: 2 time_unix_nano  3 as_double  4 span_id  5 trace_id  6 as_int  7 filtered_attributes
function readExemplar(reader: WireReader): PointExemplar {
  let timeMs = 0
  let value = 0
  let traceId = ''
  let spanId = ''
  const attributes: Attribute[] = []
  for (let tag = reader.tag(); tag !== 0; tag = reader.tag()) {
    if (tag === 0x11) timeMs = reader.timeMs()
    else if (tag === 0x19) value = reader.double()
    else if (tag === 0x22) spanId = readHex(reader)
    else if (tag === 0x2a) traceId = readHex(reader)
    else if (tag === 0x31) value = Number(BigInt.asIntN(64, reader.fixed64Exact()))
    else if (tag === 0x3a) attributes.push(readKeyValue(reader.message()))
    else reader.skip(tag)
  }
  return { timeMs, value, traceId, spanId, attributes }
}

function readHex(reader: WireReader): string {
  const end = reader.lengthEnd()
  const hex = Buffer.from(reader.bytes.subarray(reader.at, end)).toString('hex')
  reader.at = end
  return hex
}
