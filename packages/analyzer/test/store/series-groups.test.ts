import { createEngine, type SeriesSource } from '@chokepoint/promql'
import { expect } from 'chai'
import type { TenantStore } from '../../src/store/tenant-store.ts'
import { openStores } from './open-stores.ts'
import { attribute, nanos, request } from './otlp-bytes.ts'

const START_MS = 1_000_000
const STEP_MS = 10_000
const REPORTS = 40
const SHOPS = 12
const ROUTES = ['/a', '/b', '/c', '/d']
/** Steps of a second, so that a few series are as many cells as a hundred thousand series at one instant. */
const QUERY_STEP_MS = 250

const QUERIES = [
  'sum by (route) (orders_total)',
  'count(orders_total)',
  'avg without (instance) (orders_total)',
  'max by (__name__) (orders_total)',
  'stddev by (route) (rate(orders_total[1m]))',
  'sum by (le, job) (rate(wait_seconds_bucket[1m]))',
  'sum without (le) (increase(wait_seconds_bucket[1m]))',
  'sum by (job) (wait_seconds_bucket{le=~"1|5"})',
  'sum by (job) (rate(wait_seconds_sum[1m])) / sum by (job) (rate(wait_seconds_count[1m]))',
  'histogram_quantile(0.9, sum by (le) (rate(wait_seconds_bucket{route="/a"}[1m])))',
  'min(quantile_over_time(0.5, orders_total[1m]))',
  'sum(orders_total offset 1m)',
  'sum(last_over_time(orders_total[30s]))',
  'sum by (le) (orders_total)',
  'group by (nothing) (wait_seconds_count)',
  'sum by (le, __name__) (rate(wait_seconds_bucket[1m]))',
  'max by (__name__, route) (max_over_time(orders_total[1m]))',
  'count by (__name__, le) (wait_seconds_bucket)',
  'count by (__name__, le) (last_over_time(wait_seconds_bucket[1m]))',
  'sum(missing_total)',
]

describe('an aggregation in pieces', () => {
  let store: TenantStore

  before(async () => {
    const stores = await openStores({ retentionMs: 1e15 })
    for (let report = 0; report < REPORTS; report++) {
      const timeMs = START_MS + report * STEP_MS
      for (let shop = 0; shop < SHOPS; shop++) {
        // One shop is silent for a while, one begins late.
        if (shop === 3 && report > 10 && report < 25) continue
        if (shop === 4 && report < 20) continue
        await stores.ingest('a', reportOf(shop, report, timeMs), 'protobuf')
      }
    }
    store = stores.tenant('a')
  })

  const seriesMax = 1000
  const asked: string[] = []
  const ask = (source: SeriesSource, expression: string) => {
    const endMs = START_MS + REPORTS * STEP_MS
    const engine = createEngine({ limits: { seriesMax } })
    const { value } = engine.range(source, expression, START_MS, endMs, QUERY_STEP_MS)
    return value.series.map(({ labels, times, values }) => [String(labels), times, values])
  }

  for (const expression of QUERIES) {
    it(`gives what holding all series gives: ${expression}`, () => {
      const inPieces: SeriesSource = {
        select: (...wanted) => store.select(...wanted),
        selectGrouped: (...wanted) => {
          const selection = store.selectGrouped(...wanted)
          if (selection !== undefined) asked.push(expression)
          return selection
        },
      }
      const whole: SeriesSource = { select: (...wanted) => store.select(...wanted) }
      expect(ask(inPieces, expression)).to.deep.equal(ask(whole, expression))
    })
  }

  it('was tried with all of these but those of nothing', () => {
    expect([...new Set(asked)]).to.deep.equal(QUERIES.slice(0, -1))
  })

  it('is not bounded by the series that one selector may hold', () => {
    const source: SeriesSource = {
      select: (...wanted) => store.select(...wanted),
      selectGrouped: (matchers, fromMs, toMs, by) =>
        store.selectGrouped(matchers, fromMs, toMs, by, 0),
    }
    const engine = createEngine({ limits: { seriesMax: 10 } })
    const atMs = START_MS + REPORTS * STEP_MS
    const { value } = engine.instant(source, 'count(wait_seconds_bucket)', atMs)
    expect(value).to.deep.include({ type: 'vector' })
    expect(() => engine.instant(source, 'wait_seconds_bucket', atMs)).to.throw('too many series')
  })
})

/** Orders and waiting times of one shop, of which there are three services, each with its instances. */
function reportOf(shop: number, report: number, timeMs: number): Uint8Array {
  const points = ROUTES.map((route, nth) => {
    const count = report * (nth + 1) + shop
    return {
      ...{ timeUnixNano: nanos(timeMs), startTimeUnixNano: nanos(1000) },
      attributes: [attribute('route', route), attribute('instance', `shop-${shop}`)],
      ...{ count: String(count * 2), asDouble: count / 3, sum: count / 7 },
      ...{ bucketCounts: [count, 0, count].map(String), explicitBounds: [1, 5] },
    }
  })
  const numbers = points.map(({ count, sum, bucketCounts, explicitBounds, ...point }) => point)
  const rows = points.map(({ asDouble, ...point }) => point)
  const cumulative = { aggregationTemporality: 2 }
  return request(
    [
      { name: 'orders', sum: { ...cumulative, isMonotonic: true, dataPoints: numbers } },
      { name: 'wait', unit: 's', histogram: { ...cumulative, dataPoints: rows } },
    ],
    `shop-${shop % 3}`,
  )
}
