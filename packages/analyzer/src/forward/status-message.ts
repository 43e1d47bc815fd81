/** Tags of `google.rpc.Status`, with which OTLP receivers answer errors: `int32 code = 1; string message = 2`. */
const CODE = 0x08
const MESSAGE = 0x12

/** The message of a status in protobuf; empty when there is none, or the bytes are something else. */
export function statusMessage(bytes: Uint8Array): string {
  let at = 0
  if (bytes[at] === CODE) at = afterVarint(bytes, at + 1)
  if (bytes[at] !== MESSAGE) return ''
  const from = afterVarint(bytes, at + 1)
  let length = 0
  for (let i = from - 1; i > at; i--) length = length * 128 + (bytes[i]! & 0x7f)
  return new TextDecoder().decode(bytes.subarray(from, from + length))
}

function afterVarint(bytes: Uint8Array, start: number): number {
  let at = start
  while ((bytes[at] ?? 0) >= 0x80) at++
  return at + 1
}
