import { createEngine, runThrough, type SeriesSource } from '@chokepoint/promql'
import { expect } from 'chai'
import { limitsWith } from '../../src/config/limits.ts'
import { jsonRequestToProtobuf } from '../../src/decode/json-request.ts'
import { CATALOG } from '../../src/detect/catalog.ts'
import { type Detection, detectInSteps } from '../../src/detect/detect.ts'
import { createQueryFunctions } from '../../src/query-functions.ts'
import type { TenantStore } from '../../src/store/tenant-store.ts'
import { NOW_MS, openStores } from '../store/open-stores.ts'
import { attribute, nanos } from '../store/otlp-bytes.ts'

// Aggregations of more than 8,192 series take the way of very many, and the limit is set below what is there. With
// CHOKEPOINT_MANY_SERIES=1 it is the limit of `serve`, 200,000, and each metric has more series than that; it takes a minute.
const WHOLE = process.env.CHOKEPOINT_MANY_SERIES === '1'
const SERIES_MAX = WHOLE ? limitsWith().querySeriesMax : 5000
const SERVICES = WHOLE ? 10_500 : 430
const INSTANCES = 20
const STEP_MS = 15_000
const REPORTS = 3
const REQUESTS = 150
const N_PLUS_ONE = 7
const THROTTLED = 9

describe('detectors above the series that a query may hold', function () {
  this.timeout(WHOLE ? 600_000 : 120_000)
  let store: TenantStore
  let detection: Detection
  let rests = 0

  const questionsOf = (source: SeriesSource) =>
    createQueryFunctions(createEngine({ limits: { seriesMax: SERIES_MAX } }), source)
  const questions = () =>
    questionsOf({
      select: (...wanted) => store.select(...wanted),
      selectInSteps: (...wanted) => store.selectInSteps(...wanted),
      selectGrouped: (...wanted) => store.selectGrouped(...wanted),
    })

  before(async () => {
    const stores = await openStores({
      limits: limitsWith({ seriesMax: 1e7, seriesPerMetricMax: 1e7, memoryBytesMax: 2 ** 33 }),
    })
    for (let report = 0; report < REPORTS; report++) {
      for (let service = 0; service < SERVICES; service++) {
        await stores.ingest('a', reportOf(service, report), 'protobuf')
      }
    }
    store = stores.tenant('a')
    const when = { nowMs: NOW_MS, windowMs: (REPORTS - 1) * STEP_MS }
    detection = runThrough(
      (function* () {
        const steps = detectInSteps(questions().inSteps, when, CATALOG)
        for (;;) {
          const step = steps.next()
          if (step.done === true) return step.value
          rests++
          yield
        }
      })(),
    )
  })

  const typesOf = ({ candidates }: Detection) =>
    candidates.map(({ type, resource }) => `${type} ${resource['service.name']}`)

  it('is more than one query may hold', () => {
    for (const metric of ['request_child_calls_count', 'container_cpu_periods_total']) {
      expect(() => questions().query(metric, NOW_MS), metric).to.throw('too many series')
      expect(questions().query(`count(${metric})`, NOW_MS)[0]?.value).to.be.above(SERIES_MAX)
    }
  })

  it('finds the two services among thousands that have a fault, and no others', () => {
    expect(detection.failures).to.deep.equal([])
    expect(typesOf(detection).sort()).to.deep.equal([
      `cpu.throttled service-${THROTTLED}`,
      `db.n_plus_one service-${N_PLUS_ONE}`,
    ])
  })

  it('shows evidence that can be asked again', () => {
    const { query } = questions()
    const values = detection.candidates.map(({ type, evidence }) => {
      for (const { query: expression, value } of evidence) {
        expect(query(expression, NOW_MS)[0]?.value, expression).to.equal(value)
      }
      return [type, evidence[0]?.value]
    })
    const lead = Object.fromEntries(values)
    expect(lead['db.n_plus_one']).to.be.closeTo(20, 1e-6)
    expect(lead['cpu.throttled']).to.be.closeTo(0.6, 1e-6)
  })

  it('lets others run meanwhile', () => {
    expect(rests).to.be.above(100)
  })
})

/** What the instances of one service report the nth time, each with a container, one route and one statement. */
function reportOf(service: number, report: number): Uint8Array {
  const resourceMetrics = Array.from({ length: INSTANCES }, (_, instance) => ({
    resource: {
      attributes: [
        attribute('service.name', `service-${service}`),
        attribute('service.instance.id', `i-${instance}`),
      ],
    },
    scopeMetrics: [{ metrics: metricsOf(service, instance, report) }],
  }))
  return jsonRequestToProtobuf(Buffer.from(JSON.stringify({ resourceMetrics })))
}

function metricsOf(service: number, instance: number, report: number): object[] {
  const times = {
    startTimeUnixNano: nanos(NOW_MS - 3_600_000),
    timeUnixNano: nanos(NOW_MS - (REPORTS - 1 - report) * STEP_MS),
  }
  const requests = (report + 1) * REQUESTS
  const calls = service === N_PLUS_ONE ? 20 : 1
  const throttled = service === THROTTLED && instance === 3 ? 0.6 : 0
  const counter = (name: string, value: number) => ({
    ...{ name, unit: '{period}' },
    sum: {
      ...{ aggregationTemporality: 2, isMonotonic: true },
      dataPoints: [{ ...times, asDouble: value }],
    },
  })
  const rows = (name: string, unit: string, count: number, each: number, labels: object[]) => ({
    ...{ name, unit },
    histogram: {
      aggregationTemporality: 2,
      dataPoints: [
        {
          ...{ ...times, attributes: labels, count: String(count), sum: count * each },
          ...{ explicitBounds: [each], bucketCounts: [String(count), '0'] },
        },
      ],
    },
  })
  const route = attribute('http.route', '/')
  const database = attribute('db.system.name', 'postgresql')
  return [
    counter('container.cpu.periods', requests),
    counter('container.cpu.throttled.periods', requests * throttled),
    rows('http.server.request.duration', 's', requests, 0.05, [
      route,
      attribute('http.response.status_code', '200'),
    ]),
    rows('db.client.operation.duration', 's', requests * calls, 0.002, [database]),
    rows('request.child.calls', '{call}', requests, calls, [
      ...[route, attribute('call.kind', 'db'), attribute('call.target', 'postgresql stock')],
      attribute('call.shape', 'SELECT * FROM stock WHERE id = ?'),
    ]),
  ]
}
