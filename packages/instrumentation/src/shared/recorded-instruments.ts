import { METRIC_TABLE, type MetricRow } from '../metric-table.ts'

/** An instrument that the app thread records into shared memory. */
export interface RecordedInstrument {
  readonly row: MetricRow
  /** Upper bounds of the buckets of a histogram, ascending; empty for a counter or a gauge. */
  readonly boundaries: readonly number[]
  /** Attribute sets beyond this many share one series marked `otel.metric.overflow`. */
  readonly seriesMax: number
}

/** Seconds, as the HTTP conventions advise them; client and server numbers stay comparable. */
const HTTP_SECONDS = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
] as const
/** Seconds, as the database conventions advise them, with a finer start: many queries take 0.2 ms. */
const CALL_SECONDS = [
  0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const
const CALLS = [1, 2, 3, 5, 8, 10, 20, 30, 50, 100, 200, 500] as const

function recorded(
  name: string,
  boundaries: readonly number[],
  seriesMax: number,
): RecordedInstrument {
  const row = METRIC_TABLE.find((candidate) => candidate.name === name)
  if (row === undefined) throw new RangeError(`no metric named ${name} in the metric table`)
  return { row, boundaries, seriesMax }
}

/**
 * What lives in shared memory; the position in this list is the instrument's number there.
 * Each has its own room, so that a flood of child calls cannot push out the routes.
 */
export const RECORDED_INSTRUMENTS: readonly RecordedInstrument[] = [
  recorded('http.server.request.duration', HTTP_SECONDS, 1000),
  recorded('http.server.active_requests', [], 32),
  recorded('http.client.request.duration', HTTP_SECONDS, 500),
  recorded('db.client.operation.duration', CALL_SECONDS, 1000),
  recorded('db.client.connection.count', [], 200),
  recorded('db.client.connection.limit', [], 100),
  recorded('db.client.connection.pending_requests', [], 100),
  recorded('db.client.connection.wait_time', CALL_SECONDS, 100),
  recorded('db.client.connection.use_time', CALL_SECONDS, 100),
  recorded('db.client.connection.timeouts', [], 100),
  recorded('messaging.client.operation.duration', CALL_SECONDS, 300),
  recorded('messaging.process.duration', CALL_SECONDS, 300),
  recorded('rpc.client.call.duration', CALL_SECONDS, 300),
  recorded('rpc.server.call.duration', CALL_SECONDS, 300),
  recorded('component.operation.duration', CALL_SECONDS, 1000),
  recorded('request.time.split', CALL_SECONDS, 1500),
  recorded('request.child.calls', CALLS, 1000),
  recorded('chokepoint.sdk.library', [], 64),
]

/** The number of an instrument in shared memory; a name that is not recorded is a programmer's mistake. */
export function recordedInstrument(name: string): number {
  const number = RECORDED_INSTRUMENTS.findIndex((instrument) => instrument.row.name === name)
  if (number < 0) throw new RangeError(`${name} is not recorded in shared memory`)
  return number
}
