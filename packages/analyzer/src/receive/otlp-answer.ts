import { WireWriter } from '../decode/wire-writer.ts'
import { ChokepointError, type ErrorCode } from '../model/errors.ts'
import type { IngestResult, OtlpEncoding } from '../model/ingest.ts'

/** How long a sender waits before it tries again, in seconds, when we cannot take more. */
export const RETRY_AFTER_SECONDS = 5

/**
 * An `ExportMetricsServiceResponse`. "The server MUST leave the `partial_success` field unset in case of a
 * successful response": https://opentelemetry.io/docs/specs/otlp/#full-success-1
 */
export function encodeResponse(result: IngestResult, encoding: OtlpEncoding): Uint8Array {
  const partial = result.rejected > 0 || result.message !== ''
  if (encoding === 'json') {
    const body = partial
      ? {
          partialSuccess: {
            rejectedDataPoints: String(result.rejected),
            errorMessage: result.message,
          },
        }
      : {}
    return Buffer.from(JSON.stringify(body))
  }
  const writer = new WireWriter()
  if (partial) {
    const mark = writer.beginMessage(1)
    writer.varint(1, result.rejected)
    writer.string(2, result.message)
    writer.endMessage(mark)
  }
  return writer.finish()
}

/** Codes of https://github.com/grpc/grpc/blob/master/doc/statuscodes.md that OTLP answers with. */
export const GRPC_STATUS = {
  invalidArgument: 3,
  notFound: 5,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const

const GRPC_BY_CODE: Partial<Record<ErrorCode, number>> = {
  BODY_INVALID: GRPC_STATUS.invalidArgument,
  // RESOURCE_EXHAUSTED without RetryInfo is not retried, which is right: the body stays too large.
  BODY_TOO_LARGE: GRPC_STATUS.resourceExhausted,
  NOT_FOUND: GRPC_STATUS.notFound,
  MEDIA_TYPE: GRPC_STATUS.unimplemented,
  PARAMETER_INVALID: GRPC_STATUS.invalidArgument,
  UNAUTHORIZED: GRPC_STATUS.unauthenticated,
  OVERLOADED: GRPC_STATUS.unavailable,
  STORAGE_FAILED: GRPC_STATUS.unavailable,
}

/** The gRPC status of an error; what is not expected is internal. */
export function grpcStatusOf(error: unknown): number {
  if (!(error instanceof ChokepointError)) return GRPC_STATUS.internal
  return GRPC_BY_CODE[error.code] ?? GRPC_STATUS.internal
}

/**
 * A `google.rpc.Status`: "The response body for all HTTP 4xx and HTTP 5xx responses MUST be a
 * Protobuf-encoded Status message", in JSON for JSON requests.
 */
export function encodeStatus(error: unknown, encoding: OtlpEncoding): Uint8Array {
  const code = grpcStatusOf(error)
  const message =
    error instanceof ChokepointError ? error.message : 'the request failed inside the analyzer'
  if (encoding === 'json') return Buffer.from(JSON.stringify({ code, message }))
  const writer = new WireWriter()
  writer.varint(1, code)
  writer.string(2, message)
  return writer.finish()
}
