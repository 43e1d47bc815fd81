import type { ISerializer } from '@opentelemetry/otlp-transformer'
import {
  JsonLogsSerializer,
  JsonMetricsSerializer,
  JsonTraceSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer'
import type { RejectionReader } from './export-log.ts'

/** The OTLP serializer of each signal and encoding. */
export const SERIALIZERS = {
  metrics: { json: JsonMetricsSerializer, protobuf: ProtobufMetricsSerializer },
  traces: { json: JsonTraceSerializer, protobuf: ProtobufTraceSerializer },
  logs: { json: JsonLogsSerializer, protobuf: ProtobufLogsSerializer },
} as const

interface PartialSuccess {
  readonly rejectedDataPoints?: number
  readonly rejectedSpans?: number
  readonly rejectedLogRecords?: number
  readonly errorMessage?: string
}

/** Reads `partial_success` out of an answer. An answer that cannot be read rejects nothing. */
export function rejectionReader(
  serializer: ISerializer<never, { partialSuccess?: PartialSuccess }>,
): RejectionReader {
  return (body) => {
    if (body.length === 0) return { count: 0, message: '' }
    try {
      const partial = serializer.deserializeResponse(body).partialSuccess ?? {}
      const { rejectedDataPoints = 0, rejectedSpans = 0, rejectedLogRecords = 0 } = partial
      const count = Number(rejectedDataPoints) + Number(rejectedSpans) + Number(rejectedLogRecords)
      return { count, message: partial.errorMessage ?? `${count} rejected` }
    } catch {
      // The status said that the request was taken; what else the receiver says is its own affair.
      return { count: 0, message: '' }
    }
  }
}
