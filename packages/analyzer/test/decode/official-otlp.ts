import { readFileSync } from 'node:fs'
import type { DescMessage } from '@bufbuild/protobuf'
import {
  create,
  createFileRegistry,
  fromBinary,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'

const descriptors = readFileSync(new URL('./fixtures/otlp-descriptors.binpb', import.meta.url))
const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptors))

/** `ExportMetricsServiceRequest` as the official descriptors have it. */
export const REQUEST = message(
  'opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest',
)
export const RESPONSE = message(
  'opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceResponse',
)

/** A message of OTLP; fields are read by name. */
export type Message = MessageShape<DescMessage> & Readonly<Record<string, unknown>>

/** The bytes of a request given as an object with the official field names. */
export function encodeRequest(request: object): Uint8Array {
  return toBinary(REQUEST, create(REQUEST, request as never))
}

/** What the official decoder makes of bytes. */
export function decodeOfficially(schema: DescMessage, bytes: Uint8Array): Message {
  return fromBinary(schema, bytes) as Message
}

function message(name: string): DescMessage {
  const found = registry.getMessage(name)
  if (found === undefined) throw new Error(`no message ${name} in the descriptors`)
  return found
}
