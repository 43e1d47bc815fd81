import type { SpanRecord } from '../../../src/shared/messages.ts'

/** A span with nothing but what it must have. */
export const SPAN: SpanRecord = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  name: 'GET /',
  kind: 1,
  startMs: 1_700_000_000_000,
  endMs: 1_700_000_000_120,
  attributes: {},
  status: 0,
  scope: 'test',
}
