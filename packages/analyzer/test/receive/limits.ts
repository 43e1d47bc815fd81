import { limitsWith } from '../../src/config/limits.ts'
import type { IngestFunc, IngestResult, OtlpEncoding } from '../../src/model/ingest.ts'
import type { OtlpReceiverOptions } from '../../src/receive/otlp-http.ts'

/** A request as an ingest function saw it. */
export interface SeenRequest {
  readonly tenant: string
  readonly body: string
  readonly encoding: OtlpEncoding
}

/** Receiver options around an ingest function that keeps what it sees and answers with `result`. */
export function recordingOptions(
  seen: SeenRequest[],
  result: IngestResult | Error = { accepted: 1, rejected: 0, message: '' },
  options: Partial<OtlpReceiverOptions> = {},
): OtlpReceiverOptions {
  const ingest: IngestFunc = async (tenant, body, encoding) => {
    seen.push({ tenant, body: Buffer.from(body).toString(), encoding })
    if (result instanceof Error) throw result
    return result
  }
  return { ingest, limits: limitsWith(), multitenancy: false, auth: { tokens: [] }, ...options }
}
