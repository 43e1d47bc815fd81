import { createEngine } from '@chokepoint/promql'
import { expect } from 'chai'
import { jsonRequestToProtobuf } from '../../src/decode/json-request.ts'
import { CATALOG } from '../../src/detect/catalog.ts'
import { type Detection, detectInSteps } from '../../src/detect/detect.ts'
import { createQueryFunctions } from '../../src/query-functions.ts'
import { NOW_MS, openStores } from '../store/open-stores.ts'
import { attribute, nanos } from '../store/otlp-bytes.ts'

const STEP_MS = 15_000
const REPORTS = 3
const ROUTES = ['/a', '/b', '/c']

describe('detectors while a whole fleet fails', () => {
  it('run no more often for thirty services than for three', async () => {
    const few = await detectAmong(3)
    const many = await detectAmong(30)
    expect(countBy(few.detection)).to.deep.equal({ 'errors.spike': 9, 'dependency.errors': 3 })
    expect(countBy(many.detection)).to.deep.equal({ 'errors.spike': 90, 'dependency.errors': 30 })
    // One run more for each question about all of them that has become too long for one step.
    for (const [type, runs] of Object.entries(many.runs)) {
      expect(runs, type).to.be.at.most(few.runs[type]! + 10)
    }
    expect(many.detection.failures).to.deep.equal([])
  })
})

function countBy({ candidates }: Detection): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { type } of candidates) counts[type] = (counts[type] ?? 0) + 1
  return counts
}

/** What the detectors find among so many services that all fail, and how often each of them was run. */
async function detectAmong(services: number) {
  const stores = await openStores()
  for (let report = 0; report < REPORTS; report++) {
    const resourceMetrics = Array.from({ length: services }, (_, index) => ({
      resource: { attributes: [attribute('service.name', `service-${index}`)] },
      scopeMetrics: [{ metrics: failingMetrics(report) }],
    }))
    const body = Buffer.from(JSON.stringify({ resourceMetrics }))
    await stores.ingest('a', jsonRequestToProtobuf(body), 'protobuf')
  }
  const { inSteps } = createQueryFunctions(createEngine(), stores.tenant('a'))
  const runs: Record<string, number> = {}
  const counted = CATALOG.map((row) => ({
    ...row,
    detect: (context: Parameters<typeof row.detect>[0]) => {
      runs[row.type] = (runs[row.type] ?? 0) + 1
      return row.detect(context)
    },
  }))
  const when = { nowMs: NOW_MS, windowMs: (REPORTS - 1) * STEP_MS }
  const steps = detectInSteps(inSteps, when, counted, 1)
  for (;;) {
    const step = steps.next()
    if (step.done === true) return { detection: step.value, runs }
  }
}

/** A quarter of the requests to each route fails, and as many calls to one dependency. */
function failingMetrics(report: number): object[] {
  const times = {
    startTimeUnixNano: nanos(NOW_MS - 3_600_000),
    timeUnixNano: nanos(NOW_MS - (REPORTS - 1 - report) * STEP_MS),
  }
  const point = (eachReport: number, labels: Record<string, string>) => {
    const count = eachReport * (report + 1)
    return {
      ...times,
      attributes: Object.entries(labels).map(([name, value]) => attribute(name, value)),
      ...{ count: String(count), sum: count * 0.05 },
      ...{ explicitBounds: [0.05], bucketCounts: [String(count), '0'] },
    }
  }
  const durations = (name: string, dataPoints: object[]) => ({
    ...{ name, unit: 's' },
    histogram: { aggregationTemporality: 2, dataPoints },
  })
  return [
    durations(
      'http.server.request.duration',
      ROUTES.flatMap((route) => [
        point(150, { 'http.route': route, 'http.response.status_code': '200' }),
        point(50, { 'http.route': route, 'http.response.status_code': '500' }),
      ]),
    ),
    durations('http.client.request.duration', [
      point(150, { 'server.address': 'db' }),
      point(150, { 'server.address': 'db', 'error.type': '500' }),
    ]),
  ]
}
