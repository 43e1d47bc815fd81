import { WireWriter } from '../decode/wire-writer.ts'

/** A `google.rpc.Status` with a `RetryInfo`, as the trailer `grpc-status-details-bin` carries it. */
export function encodeRetryInfo(code: number, message: string, delaySeconds: number): Buffer {
  const writer = new WireWriter()
  writer.varint(1, code)
  writer.string(2, message)
  // google.protobuf.Any: 1 type_url  2 value;  RetryInfo: 1 retry_delay;  Duration: 1 seconds
  const any = writer.beginMessage(3)
  writer.string(1, 'type.googleapis.com/google.rpc.RetryInfo')
  const info = writer.beginMessage(2)
  const delay = writer.beginMessage(1)
  writer.varint(1, delaySeconds)
  writer.endMessage(delay)
  writer.endMessage(info)
  writer.endMessage(any)
  return Buffer.from(writer.finish())
}
