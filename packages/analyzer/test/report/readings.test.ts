import { createEngine, MemorySource, type NativeHistogram, NO_BUCKETS } from '@chokepoint/promql'
import { expect } from 'chai'
import { createQueryFunctions } from '../../src/query-functions.ts'
import { readComponents } from '../../src/report/components.ts'
import { readCharts } from '../../src/report/read-charts.ts'
import { readSystems } from '../../src/report/systems.ts'

const NOW_MS = 1_700_000_000_000
const INTERVAL_MS = 5000
const STEPS = 24

/** Calls `at` for each export of two minutes, oldest first. */
function exported(at: (timeMs: number, step: number) => void): void {
  for (let step = 0; step <= STEPS; step++) at(NOW_MS - (STEPS - step) * INTERVAL_MS, step)
}

function histogram(count: number): NativeHistogram {
  return {
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    count,
    sum: count * 0.3,
    // Everything in (0.25, 0.5].
    positive: { offset: -1, counts: new Float64Array([count]) },
    negative: NO_BUCKETS,
    counterResetHint: 'unknown',
  }
}

/** Two services: one sends histograms with buckets, the other native ones, the same calls both. */
function shop(): MemorySource {
  const source = new MemorySource()
  exported((timeMs, step) => {
    const calls = step * 10
    const metric = 'http_server_request_duration_seconds'
    const route = {
      http_route: '/pay',
      http_request_method: 'POST',
      http_response_status_code: '200',
    }
    const old = { job: 'shop/old', instance: 'o', ...route }
    source.add({ __name__: `${metric}_count`, ...old }, timeMs, calls)
    source.add({ __name__: `${metric}_sum`, ...old }, timeMs, calls * 0.3)
    for (const le of ['0.25', '0.5', '+Inf']) {
      source.add({ __name__: `${metric}_bucket`, ...old, le }, timeMs, le === '0.25' ? 0 : calls)
    }
    source.add(
      { __name__: metric, ...old, job: 'shop/new', instance: 'n' },
      timeMs,
      histogram(calls),
    )
    source.add(
      { __name__: 'process_memory_usage_bytes', job: 'shop/old', instance: 'o' },
      timeMs,
      1e8,
    )
    source.add(
      {
        __name__: 'process_cpu_utilization_ratio',
        job: 'shop/old',
        instance: 'o',
        cpu_mode: 'user',
      },
      timeMs,
      0.25,
    )
    source.add(
      {
        __name__: 'system_cpu_utilization_ratio',
        job: 'shop/old',
        instance: 'o',
        cpu_mode: 'idle',
      },
      timeMs,
      0.75,
    )
  })
  return source
}

describe('the readings of a report, from real queries', () => {
  const { query, queryRange } = createQueryFunctions(createEngine(), shop())

  it('are the same of histograms with buckets and of native ones', () => {
    const components = readComponents(query, NOW_MS, 60_000)
    expect(components.map(({ resource }) => resource['service.name'])).to.have.members([
      'old',
      'new',
    ])
    for (const { ratePerSecond, errorRate, meanSeconds, p50Seconds, p95Seconds } of components) {
      expect(ratePerSecond).to.be.closeTo(2, 1e-9)
      expect(errorRate).to.equal(0)
      expect(meanSeconds).to.be.closeTo(0.3, 1e-9)
      expect(p50Seconds).to.be.within(0.25, 0.5)
      expect(p95Seconds).to.be.within(p50Seconds, 0.5)
    }
  })

  it('say what processes and hosts use', () => {
    expect(readSystems(query, NOW_MS)).to.deep.equal([
      {
        resource: {
          'service.namespace': 'shop',
          'service.name': 'old',
          'service.instance.id': 'o',
        },
        cpuUtilization: 0.25,
        processCpuUtilization: 0.25,
        processMemoryBytes: 1e8,
      },
    ])
  })

  it('become charts over the age of young data, the error rate zero where nothing failed', () => {
    const charts = readCharts(queryRange, NOW_MS, 900_000)
    expect(charts.map(({ title }) => title)).to.deep.equal([
      'Request rate',
      'Response time, p95',
      'Error rate',
      'Process CPU',
      'Process memory',
    ])
    expect(charts[2]!.series[0]!.points.at(-1)![1]).to.equal(0)
    const [first] = charts[4]!.series[0]!.points[0]!
    expect(NOW_MS - first).to.be.within(110_000, 125_000)
    expect(charts[4]!.series[0]!.points.length).to.be.above(100)
  })

  it('are none of an empty store', () => {
    const empty = createQueryFunctions(createEngine(), new MemorySource())
    expect(readComponents(empty.query, NOW_MS, 60_000)).to.deep.equal([])
    expect(readSystems(empty.query, NOW_MS)).to.deep.equal([])
    expect(readCharts(empty.queryRange, NOW_MS, 60_000)).to.deep.equal([])
  })
})
