import type { Format } from './format.ts'

/** Standard Webhooks 1.0: "type", "timestamp" of the event, and its "data". */
export const STANDARD: Format = {
  contentType: 'application/json',
  write: ({ type, timestamp }, _context, data) => JSON.stringify({ type, timestamp, data }),
}
