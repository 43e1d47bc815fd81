import { ChokepointError } from '../model/errors.ts'

/** Bytes before a message: whether it is compressed, and its length. */
export const GRPC_PREFIX_BYTES = 5

/** What one call sent. */
export interface GrpcMessage {
  readonly compressed: boolean
  readonly bytes: Uint8Array
}

/**
 * The message of a call that sends one. Throws BODY_INVALID when it is cut off, PARAMETER_INVALID when there is
 * not exactly one.
 *
 *     Length-Prefixed-Message → Compressed-Flag Message-Length Message
 *     Compressed-Flag → 0 / 1 ; encoded as 1 byte unsigned integer
 *     Message-Length → {length of Message} ; encoded as 4 byte unsigned integer (big endian)
 *
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md#requests
 */
export function readGrpcMessage(body: Uint8Array): GrpcMessage {
  if (body.length === 0) throw notOne('none came')
  const flag = body[0]!
  if (body.length < GRPC_PREFIX_BYTES || flag > 1) {
    throw new ChokepointError('BODY_INVALID', `cannot read the gRPC message: ${body.length} bytes`)
  }
  const length = new DataView(body.buffer, body.byteOffset).getUint32(1)
  const end = GRPC_PREFIX_BYTES + length
  if (body.length < end) {
    const error = `cannot read the gRPC message: it is cut off, ${body.length} of ${end} bytes came`
    throw new ChokepointError('BODY_INVALID', error)
  }
  if (body.length > end) throw notOne('more came')
  return { compressed: flag === 1, bytes: body.subarray(GRPC_PREFIX_BYTES) }
}

/** A message with its prefix, not compressed. */
export function writeGrpcMessage(message: Uint8Array): Buffer {
  const bytes = Buffer.alloc(GRPC_PREFIX_BYTES + message.length)
  bytes.writeUInt32BE(message.length, 1)
  bytes.set(message, GRPC_PREFIX_BYTES)
  return bytes
}

/** A sentence as the header `grpc-message` carries it: percent-encoded but for printable ASCII. */
export function encodeGrpcText(text: string): string {
  let encoded = ''
  for (const byte of Buffer.from(text)) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25
    encoded += isPlain
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }
  return encoded
}

function notOne(what: string): ChokepointError {
  return new ChokepointError(
    'PARAMETER_INVALID',
    `cannot take the gRPC call: exactly one message is expected, ${what}`,
  )
}
