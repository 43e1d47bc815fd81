/** How the bytes of an OTLP request are written. */
export type OtlpEncoding = 'protobuf' | 'json'

/** What became of one OTLP request, as `partial_success` tells it. */
export interface IngestResult {
  readonly accepted: number
  readonly rejected: number
  /** A sentence that says why points were rejected; empty when none were. */
  readonly message: string
}

/**
 * Takes one uncompressed OTLP metrics request for a tenant. Resolves after the request is in the log on
 * disk and in the store; rejects with a `ChokepointError` when nothing of it was taken.
 */
export type IngestFunc = (
  tenant: string,
  body: Uint8Array,
  encoding: OtlpEncoding,
) => Promise<IngestResult>
