import { METRIC_TABLE, type MetricRow } from '../../../instrumentation/src/metric-table.ts'

/** The time between two reports of a service. */
export const STEP_MS = 15_000
/** Reports of a run: eleven minutes. */
export const STEPS = 44

const BOUNDS = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5]
const SERVICES = ['shop', 'cart', 'mail'] as const
/** Values of the attributes that rules and queries speak of; of all others `x` and `y`. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  'http.response.status_code': ['200', '500', '404'],
  'error.type': ['', 'timeout'],
  'http.route': ['/', '/cart', '/orders/:id'],
  'cpu.mode': ['user', 'system', 'idle'],
  'system.memory.state': ['used', 'free'],
  'container.memory.event': ['high', 'oom_kill'],
  'system.psi.resource': ['memory', 'cpu'],
  'system.psi.kind': ['some', 'full'],
}

type Random = () => number

/** A stream of points: one metric of one instance with one set of attributes. */
interface Stream {
  readonly attributes: readonly object[]
  value: number
  readonly counts: number[]
  sum: number
  startMs: number
}

const attribute = (key: string, value: string) => ({ key, value: { stringValue: value } })
const nanos = (ms: number) => `${ms}000000`

/**
 * Reports of six instances of three services with every metric of the table: counters that start anew,
 * series that pause, end or begin late. One OTLP/JSON request a step, oldest first.
 */
export function* fleetReports(startMs: number, random: Random): Iterable<string> {
  const instances = SERVICES.flatMap((service) =>
    ['1', '2'].map((instance) => ({ service, instance, streams: new Map<string, Stream[]>() })),
  )
  for (let step = 0; step < STEPS; step++) {
    const timeMs = startMs + step * STEP_MS
    const resourceMetrics = instances
      .filter(({ service, instance }) => reports(service, instance, step))
      .map(({ service, instance, streams }) => {
        const restarts = instance === '2' && step === 20
        if (restarts) streams.clear()
        const metrics: object[] = METRIC_TABLE.map((row) => {
          let own = streams.get(row.name)
          if (own === undefined) {
            own = makeStreams(row, timeMs, random)
            streams.set(row.name, own)
          }
          return metric(row, own, timeMs, random)
        })
        metrics.push(batchSizes(step, timeMs, startMs))
        const attributes = [
          attribute('service.name', service),
          attribute('service.instance.id', instance),
          attribute('host.name', `host-${service}`),
        ]
        return { resource: { attributes }, scopeMetrics: [{ scope: { name: 'test' }, metrics }] }
      })
    yield JSON.stringify({ resourceMetrics })
  }
}

/** One instance pauses for over a minute, one ends, one begins late. */
function reports(service: string, instance: string, step: number): boolean {
  if (service === 'cart' && instance === '1') return step < 10 || step > 14
  if (service === 'mail' && instance === '1') return step < 16
  if (service === 'mail' && instance === '2') return step > 6
  return true
}

function makeStreams(row: MetricRow, startMs: number, random: Random): Stream[] {
  return Array.from({ length: row.attributes.length === 0 ? 1 : 3 }, (_, i) => ({
    attributes: row.attributes.map((key, place) => {
      const values = VALUES[key] ?? ['x', 'y']
      return attribute(key, values[(place === 0 ? i : i + place) % values.length]!)
    }),
    value: random() * 0.5,
    counts: Array.from({ length: BOUNDS.length + 1 }, () => 0),
    sum: 0,
    startMs: startMs - STEP_MS / 2,
  })).filter(
    (stream, i, all) =>
      all.findIndex(
        (other) => JSON.stringify(other.attributes) === JSON.stringify(stream.attributes),
      ) === i,
  )
}

function metric(row: MetricRow, streams: readonly Stream[], timeMs: number, random: Random) {
  const head = { name: row.name, unit: row.unit, description: row.description }
  const common = (stream: Stream) => ({
    attributes: stream.attributes,
    timeUnixNano: nanos(timeMs),
    startTimeUnixNano: nanos(stream.startMs),
  })
  if (row.kind === 'histogram') {
    const dataPoints = streams.map((stream) => {
      const seconds = observe(stream, random)
      const count = String(stream.counts.reduce((sum, one) => sum + one, 0))
      const bucketCounts = stream.counts.map(String)
      stream.sum += seconds
      return { ...common(stream), count, sum: stream.sum, bucketCounts, explicitBounds: BOUNDS }
    })
    return { ...head, histogram: { aggregationTemporality: 2, dataPoints } }
  }
  const monotonic = row.kind === 'counter'
  const dataPoints = streams.map((stream) => {
    if (monotonic) stream.value += random() * 20
    else stream.value = row.unit === '1' ? random() : random() * 1e6
    return { ...common(stream), asDouble: stream.value }
  })
  if (row.kind === 'gauge') return { ...head, gauge: { dataPoints } }
  return { ...head, sum: { aggregationTemporality: 2, isMonotonic: monotonic, dataPoints } }
}

function observe(stream: Stream, random: Random): number {
  let sum = 0
  for (let i = Math.floor(random() * 12); i > 0; i--) {
    const seconds = 0.003 * Math.exp(random() * 8)
    const bucket = BOUNDS.findIndex((bound) => seconds <= bound)
    stream.counts[bucket === -1 ? BOUNDS.length : bucket]!++
    sum += seconds
  }
  return sum
}

/** A native histogram whose counts grow with the steps. */
function batchSizes(step: number, timeMs: number, startMs: number) {
  const bucketCounts = [1, 2, 3, 2].map((weight) => weight * (step + 1))
  const count = bucketCounts.reduce((sum, one) => sum + one, step)
  const point = {
    timeUnixNano: nanos(timeMs),
    startTimeUnixNano: nanos(startMs - 1000),
    ...{ count: String(count), sum: count * 3.5, scale: 2, zeroCount: String(step) },
    positive: { offset: 4, bucketCounts: bucketCounts.map(String) },
  }
  return {
    name: 'batch.size',
    unit: '{item}',
    description: 'Items of a batch',
    exponentialHistogram: { aggregationTemporality: 2, dataPoints: [point] },
  }
}
