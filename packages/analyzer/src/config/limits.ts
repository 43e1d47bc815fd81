/** How much of something is allowed, and why that much. */
export interface LimitRow {
  readonly default: number
  /** UCUM, as metrics write units; a `By` limit may be written as `16MiB` in the config. */
  readonly unit: string
  readonly reason: string
}

const KIB = 1024
const MIB = 1024 * KIB

/** Every limit of every stage; `limits:` in the config overrides any of them by name. */
// biome-ignore format: a table is read by its columns
export const LIMITS = {
  // receive
  bodyBytesMax: { default: 16 * MIB, unit: 'By', reason: 'a request body as it arrives; a Collector batch of 8192 points is about 1 MiB' },
  inflatedBytesMax: { default: 64 * MIB, unit: 'By', reason: 'a body after decompression; four times the largest plain body' },
  inflateRatioMax: { default: 200, unit: '1', reason: 'decompressed over compressed size; real OTLP is under 30, a bomb is over 1000' },
  requestsInFlightMax: { default: 64, unit: '{request}', reason: 'ingest requests held at once; the next one is told 429' },
  requestMs: { default: 10_000, unit: 'ms', reason: 'the time a client may take to send a request' },
  // decode
  depthMax: { default: 64, unit: '{level}', reason: 'nesting of attribute values; deeper ones only cost stack' },
  pointsPerRequestMax: { default: 200_000, unit: '{point}', reason: 'data points of one request; keeps one request under a second of work' },
  labelsMax: { default: 64, unit: '{label}', reason: 'labels of one series; OTel SDKs allow 128 attributes, dashboards use 10' },
  labelNameLengthMax: { default: 256, unit: '{char}', reason: 'a longer name is an identifier in the wrong place' },
  labelValueLengthMax: { default: 2048, unit: '{char}', reason: 'a longer value is text or a query, which belongs in a span' },
  bucketsMax: { default: 512, unit: '{bucket}', reason: 'buckets of one histogram point; exponential histograms have 160' },
  // store
  tenantsMax: { default: 10_000, unit: '{tenant}', reason: 'tenants with state; an empty one is a few kB, and the memory limit bounds the rest' },
  seriesMax: { default: 1_000_000, unit: '{series}', reason: 'series of one tenant; about 1 GB of memory at a retention of 2h' },
  seriesPerMetricMax: { default: 200_000, unit: '{series}', reason: 'series of one metric; stops one bad label from filling the tenant' },
  memoryBytesMax: { default: 2048 * MIB, unit: 'By', reason: 'sample memory of all tenants; over it, new series are refused' },
  logBytesMax: { default: 8192 * MIB, unit: 'By', reason: 'the log on disk; the oldest segments go first' },
  // query
  querySamplesMax: { default: 50_000_000, unit: '{sample}', reason: 'samples one query may hold, as in Prometheus' },
  querySeriesMax: { default: 200_000, unit: '{series}', reason: 'series of one selector that a query may hold; an aggregation of more takes them in pieces' },
  queryTimeMs: { default: 30_000, unit: 'ms', reason: 'time one query may take before it is stopped' },
  // rules
  rulesMax: { default: 5000, unit: '{rule}', reason: 'rules of one tenant; 5000 at 0.2 ms fit in one second' },
  alertsMax: { default: 10_000, unit: '{alert}', reason: 'pending and firing alerts of one tenant; more is an outage of the rule' },
  historyMax: { default: 10_000, unit: '{transition}', reason: 'alert transitions kept in memory and on disk' },
  // detect, findings
  findingsMax: { default: 1000, unit: '{finding}', reason: 'open findings of one tenant; nobody reads more' },
  resolvedFindingsMax: { default: 1000, unit: '{finding}', reason: 'resolved findings kept for reports' },
  // notify
  queueBytesMax: { default: 16 * MIB, unit: 'By', reason: 'bodies of webhook deliveries that wait; over it the oldest are dropped and counted' },
  deliveriesMax: { default: 1000, unit: '{delivery}', reason: 'ended deliveries kept in the log, so that each can be sent again' },
  webhookBodyBytesMax: { default: 20_000, unit: 'By', reason: 'Standard Webhooks asks for less than 20 kB; longer bodies are trimmed and link to the API' },
  // profiles
  profileBytesMax: { default: 16 * MIB, unit: 'By', reason: 'one profile, gzipped; a large app gives some hundred kilobytes' },
  profilesMax: { default: 50, unit: '{profile}', reason: 'profiles kept; the oldest make room' },
  profilesBytesMax: { default: 256 * MIB, unit: 'By', reason: 'the same in bytes' },
  // forward
  forwardQueueBytesMax: { default: 512 * MIB, unit: 'By', reason: 'requests that wait to be forwarded; about an hour of 1000 points a second' },
} as const satisfies Readonly<Record<string, LimitRow>>

export type LimitName = keyof typeof LIMITS

/** The limits in force: the table's defaults with the config's overrides. */
export type Limits = { readonly [Name in LimitName]: number }

export const LIMIT_NAMES = Object.keys(LIMITS) as readonly LimitName[]

/** The limits of the table, with some replaced. */
export function limitsWith(overrides: Partial<Limits> = {}): Limits {
  const limits = Object.fromEntries(LIMIT_NAMES.map((name) => [name, LIMITS[name].default]))
  return { ...limits, ...overrides } as Limits
}
