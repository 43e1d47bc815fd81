// What one measurement costs: `component.record()` beside a histogram of OpenTelemetry's SDK and one of prom-client,
// each with two labels; nanoseconds (median of rounds in turn) and bytes that are allocated for each.
//
//   node --expose-gc --conditions=chokepoint-source bench/record/main.ts
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { component } from '@chokepoint/instrumentation'
import { median, spread } from '../overhead/statistics.ts'

const ROUNDS = 15
const RECORDS = 200_000
/** So few that the nursery is not full. */
const RECORDS_WITHOUT_COLLECTION = 5_000
const BOUNDARIES = [
  0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
]
const load = createRequire(
  join(import.meta.dirname, '..', '..', 'packages', 'instrumentation', 'package.json'),
)

interface Contender {
  readonly name: string
  readonly record: (milliseconds: number) => void
}

/** The parts that are used of packages which are the instrumentation's own, not this folder's. */
interface OpenTelemetry {
  readonly AggregationTemporality: { readonly CUMULATIVE: number }
  readonly PeriodicExportingMetricReader: new (options: object) => object
  readonly MeterProvider: new (
    options: object,
  ) => {
    getMeter(name: string): {
      createHistogram(
        name: string,
        options: object,
      ): { record(value: number, attributes: object): void }
    }
  }
}

interface PromClient {
  readonly Histogram: new (options: object) => { observe(labels: object, value: number): void }
}

const contenders: readonly Contender[] = [ours(), openTelemetry(), promClient()]
const { gc } = globalThis
if (gc === undefined) throw new Error('cannot count what is allocated: start node with --expose-gc')
const collect: () => void = gc
const nanoseconds = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
const bytes = new Map<string, number[]>(contenders.map(({ name }) => [name, []]))
for (let round = 0; round < ROUNDS; round++) {
  for (const { name, record } of contenders) {
    const startMs = performance.now()
    for (let index = 0; index < RECORDS; index++) record(index % 1000)
    nanoseconds.get(name)!.push(((performance.now() - startMs) * 1e6) / RECORDS)
    collect()
    const heapBefore = process.memoryUsage().heapUsed
    // Whole numbers: a part of one would be boxed by this loop, not by what is measured.
    for (let index = 0; index < RECORDS_WITHOUT_COLLECTION; index++) record(index % 1000)
    bytes
      .get(name)!
      .push((process.memoryUsage().heapUsed - heapBefore) / RECORDS_WITHOUT_COLLECTION)
  }
}
console.log('| | ns a record | bytes a record |\n|---|---|---|')
for (const { name } of contenders) {
  const times = nanoseconds.get(name)!
  const size = median(bytes.get(name)!)
  console.log(
    `| ${name} | ${median(times).toFixed(0)} ±${spread(times).toFixed(0)} | ${size.toFixed(1)} |`,
  )
}
process.exit()

function ours(): Contender {
  const orders = component('orders')
  return { name: 'component.record', record: (ms) => orders.record('place', ms) }
}

function openTelemetry(): Contender {
  const { MeterProvider, AggregationTemporality, PeriodicExportingMetricReader } = load(
    '@opentelemetry/sdk-metrics',
  ) as OpenTelemetry
  const exporter = {
    export: (_: unknown, done: (result: { code: number }) => void) => done({ code: 0 }),
    forceFlush: async () => {},
    shutdown: async () => {},
    selectAggregationTemporality: () => AggregationTemporality.CUMULATIVE,
  }
  const readers = [new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 600_000 })]
  const histogram = new MeterProvider({ readers })
    .getMeter('bench')
    .createHistogram('duration', { advice: { explicitBucketBoundaries: BOUNDARIES } })
  return {
    name: 'OpenTelemetry histogram.record',
    record: (ms) =>
      histogram.record(ms / 1000, { 'component.name': 'orders', 'operation.name': 'place' }),
  }
}

function promClient(): Contender {
  const { Histogram } = load('prom-client') as PromClient
  const histogram = new Histogram({
    name: 'duration',
    help: 'Duration',
    labelNames: ['component', 'operation'],
    buckets: BOUNDARIES,
  })
  return {
    name: 'prom-client histogram.observe',
    record: (ms) => histogram.observe({ component: 'orders', operation: 'place' }, ms / 1000),
  }
}
