import { crc32 } from 'node:zlib'

// A segment is records one after the other, little-endian:
//
//     0   magic "CPL1"
//     4   payload length
//     8   CRC-32 of the length and the payload
//     12  payload:  kind (1) | tenant length (1) | tenant | received, ms (8) | body
const MAGIC = 0x314c5043
const MAGIC_BYTES = Buffer.from('CPL1')
const HEADER_BYTES = 12
const PAYLOAD_BYTES_MIN = 10

/** What the body of a record is: an OTLP request in protobuf, or samples of rules in JSON. */
export const RECORD_REQUEST = 1
export const RECORD_SAMPLES = 2

/** One entry of the log. */
export interface LogRecord {
  readonly kind: number
  readonly tenant: string
  /** When it was taken, by the wall clock. */
  readonly receivedMs: number
  readonly body: Uint8Array
}

/** The bytes before a record's body; written together, they are the record. */
export function encodeRecordHead({ kind, tenant, receivedMs, body }: LogRecord): Buffer {
  const name = Buffer.from(tenant)
  const head = Buffer.allocUnsafe(HEADER_BYTES + PAYLOAD_BYTES_MIN + name.length)
  head.writeUInt32LE(MAGIC, 0)
  head.writeUInt32LE(PAYLOAD_BYTES_MIN + name.length + body.length, 4)
  head[12] = kind
  head[13] = name.length
  name.copy(head, 14)
  head.writeDoubleLE(receivedMs, 14 + name.length)
  const sum = crc32(body, crc32(head.subarray(HEADER_BYTES), crc32(head.subarray(4, 8))))
  head.writeUInt32LE(sum, 8)
  return head
}

/** What reading a segment came to. */
export interface SegmentReport {
  readonly records: number
  /** Bytes from the first to the last whole record. */
  readonly bytes: number
  /** Bytes that were passed over because they are no whole record. */
  readonly damagedBytes: number
}

/**
 * Calls `visit` with each whole record of a segment. Bytes that are none are passed over up to the next
 * whole record, so a flipped bit costs one record, and a torn end costs what was torn.
 */
export function readRecords(segment: Buffer, visit: (record: LogRecord) => void): SegmentReport {
  let at = 0
  let end = 0
  let records = 0
  let damagedBytes = 0
  while (at < segment.length) {
    const length = recordLength(segment, at)
    if (length === 0) {
      const next = segment.indexOf(MAGIC_BYTES, at + 1)
      const to = next === -1 ? segment.length : next
      damagedBytes += to - at
      at = to
      continue
    }
    visit(decodePayload(segment.subarray(at + HEADER_BYTES, at + length)))
    records++
    at += length
    end = at
  }
  return { records, bytes: end, damagedBytes }
}

/** The length of the whole, undamaged record at a place; 0 when there is none. */
function recordLength(segment: Buffer, at: number): number {
  if (at + HEADER_BYTES > segment.length || segment.readUInt32LE(at) !== MAGIC) return 0
  const length = segment.readUInt32LE(at + 4)
  const end = at + HEADER_BYTES + length
  if (length < PAYLOAD_BYTES_MIN || end > segment.length) return 0
  const sum = crc32(
    segment.subarray(at + HEADER_BYTES, end),
    crc32(segment.subarray(at + 4, at + 8)),
  )
  if (sum !== segment.readUInt32LE(at + 8)) return 0
  return segment[at + HEADER_BYTES + 1]! + PAYLOAD_BYTES_MIN > length ? 0 : HEADER_BYTES + length
}

function decodePayload(payload: Buffer): LogRecord {
  const tenantEnd = 2 + payload[1]!
  return {
    kind: payload[0]!,
    tenant: payload.toString('utf8', 2, tenantEnd),
    receivedMs: payload.readDoubleLE(tenantEnd),
    body: payload.subarray(tenantEnd + 8),
  }
}
