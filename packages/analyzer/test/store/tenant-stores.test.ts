import { SampleBuffer } from '@chokepoint/promql'
import { expect } from 'chai'
import { limitsWith } from '../../src/config/limits.ts'
import type { TenantStore } from '../../src/store/tenant-store.ts'
import { encodeRequest } from '../decode/official-otlp.ts'
import { Random } from '../decode/random.ts'
import { randomRequest } from '../decode/random-request.ts'
import { dump, NOW_MS, openStores } from './open-stores.ts'
import { attribute, gauge, histogram, nanos, request, sum } from './otlp-bytes.ts'

const STORED_MUTATIONS = Number(process.env.CHOKEPOINT_STORE_MUTATIONS ?? 5000)

describe('the tenant stores', () => {
  it('keep a gauge, a counter and a histogram under their Prometheus names', async () => {
    const stores = await openStores()
    const metrics = [
      gauge('queue.depth', [1000, 3], [2000, 4]),
      sum('requests', 2, [1000, 10]),
      histogram('latency', 2, { at: 1000, counts: [2, 1, 0], sum: 4.5 }),
    ]
    expect(await stores.ingest('a', request(metrics), 'protobuf')).to.deep.equal({
      accepted: 4,
      rejected: 0,
      message: '',
    })
    expect(dump(stores.tenant('a'))).to.deep.equal({
      '{__name__="queue_depth", job="shop"}': ['1000:3', '2000:4'],
      '{__name__="requests_total", job="shop"}': ['1000:10'],
      '{__name__="latency_bucket", job="shop", le="1"}': ['1000:2'],
      '{__name__="latency_bucket", job="shop", le="5"}': ['1000:3'],
      '{__name__="latency_bucket", job="shop", le="+Inf"}': ['1000:3'],
      '{__name__="latency_sum", job="shop"}': ['1000:4.5'],
      '{__name__="latency_count", job="shop"}': ['1000:3'],
    })
    expect(stores.tenant('a').seriesCount()).to.equal(7)
    expect(stores.tenant('a').newestMs()).to.equal(2000)
  })

  it('add up deltas, and count a repeated one once', async () => {
    const stores = await openStores()
    const first = request([
      sum('hits', 1, [1000, 5]),
      histogram('wait', 1, { at: 1000, counts: [1, 0, 0], sum: 0.5 }),
    ])
    const second = request([
      sum('hits', 1, [2000, 2]),
      histogram('wait', 1, { at: 2000, counts: [1, 0, 1], sum: 9 }),
    ])
    for (const bytes of [first, second, second]) await stores.ingest('a', bytes, 'protobuf')
    const series = dump(stores.tenant('a'))
    expect(series['{__name__="hits_total", job="shop"}']).to.deep.equal(['1000:5', '2000:7'])
    expect(series['{__name__="wait_bucket", job="shop", le="+Inf"}']).to.deep.equal([
      '1000:1',
      '2000:3',
    ])
    expect(series['{__name__="wait_sum", job="shop"}']).to.deep.equal(['1000:0.5', '2000:9.5'])
    const late = await stores.ingest('a', first, 'protobuf')
    expect(late.rejected).to.equal(2)
    expect(late.message).to.contain('late deltas')
  })

  it('add up exponential deltas at the coarser scale', async () => {
    const stores = await openStores()
    const point = (at: number, scale: number, offset: number, bucketCounts: string[]) => ({
      timeUnixNano: nanos(at),
      count: String(bucketCounts.length),
      sum: 1,
      scale,
      zeroCount: '0',
      positive: { offset, bucketCounts },
    })
    const metric = (dataPoint: object) => ({
      name: 'size',
      exponentialHistogram: { aggregationTemporality: 1, dataPoints: [dataPoint] },
    })
    await stores.ingest('a', request([metric(point(1000, 1, 0, ['1', '1']))]), 'protobuf')
    await stores.ingest('a', request([metric(point(2000, 0, 1, ['1']))]), 'protobuf')
    expect(nativeHistograms(stores.tenant('a'), 'size')).to.deep.equal([
      { schema: 1, count: 2, sum: 1, offset: 1, counts: [1, 1] },
      { schema: 0, count: 3, sum: 2, offset: 1, counts: [2, 1] },
    ])
  })

  it('end a series where a point has no recorded value', async () => {
    const stores = await openStores()
    const ended = { timeUnixNano: nanos(2000), flags: 1 }
    await stores.ingest(
      'a',
      request([gauge('g', [1000, 1]), histogram('h', 2, { at: 1000, counts: [1, 0, 0], sum: 1 })]),
      'protobuf',
    )
    await stores.ingest(
      'a',
      request([
        { name: 'g', gauge: { dataPoints: [ended] } },
        histogram('h', 2, { at: 2000, counts: [], sum: 0, flags: 1 }),
      ]),
      'protobuf',
    )
    const series = dump(stores.tenant('a'))
    expect(series['{__name__="g", job="shop"}']).to.deep.equal(['1000:1', '2000:stale'])
    expect(series['{__name__="h_bucket", job="shop", le="5"}']).to.deep.equal([
      '1000:1',
      '2000:stale',
    ])
  })

  it('put late samples in their place, keep the first of two with one time, and say so', async () => {
    const stores = await openStores()
    await stores.ingest('a', request([gauge('g', [1000, 1], [3000, 3])]), 'protobuf')
    const late = await stores.ingest('a', request([gauge('g', [2000, 2], [3000, 3])]), 'protobuf')
    expect(late.rejected).to.equal(0)
    const other = await stores.ingest('a', request([gauge('g', [3000, 4])]), 'protobuf')
    expect(other).to.deep.equal({
      accepted: 0,
      rejected: 1,
      message: '1 of 1 points were rejected: 1 have the time of a stored sample and another value',
    })
    expect(dump(stores.tenant('a'))).to.deep.equal({
      '{__name__="g", job="shop"}': ['1000:1', '2000:2', '3000:3'],
    })
  })

  it('keep a gauge and an exponential histogram of one name, and every label as it came', async () => {
    const stores = await openStores()
    const attributes = [attribute('__type__', 'x'), attribute('__address__', 'y')]
    const exponential = {
      timeUnixNano: '0',
      count: '1',
      sum: 1,
      scale: 0,
      zeroCount: '0',
      zeroThreshold: 0.25,
      positive: { offset: -1, bucketCounts: ['1'] },
      attributes,
    }
    const metrics = [
      { name: 'm', gauge: { dataPoints: [{ timeUnixNano: nanos(5), asDouble: 2, attributes }] } },
      {
        name: 'm',
        exponentialHistogram: { aggregationTemporality: 2, dataPoints: [exponential] },
      },
    ]
    await stores.ingest('a', request(metrics, ''), 'protobuf')
    const found = stores.tenant('a').select([], 0, 10)
    expect(found.map(({ labels }) => String(labels))).to.deep.equal([
      '{__address__="y", __name__="m", __type__="x"}',
    ])
    expect(
      dump(stores.tenant('a'))['{__address__="y", __name__="m", __type__="x"}'],
    ).to.have.length(2)
  })

  it('refuse what is older than the retention or far ahead, by the wall clock only', async () => {
    const wall = await openStores({ clock: 'wall' })
    const bytes = request([gauge('g', [0, 1], [NOW_MS - 1000, 2], [NOW_MS + 11 * 60_000, 3])])
    const result = await wall.ingest('a', bytes, 'protobuf')
    expect([result.accepted, result.rejected]).to.deep.equal([1, 2])
    expect(result.message).to.contain('older than the retention (the first at 1970-01-01')
    const data = await openStores({ retentionMs: NOW_MS * 2 })
    expect((await data.ingest('a', bytes, 'protobuf')).accepted).to.equal(3)
  })

  it('forget samples and series that are older than the retention', async () => {
    const stores = await openStores({ retentionMs: 60_000 })
    await stores.ingest('a', request([gauge('old', [0, 1])]), 'protobuf')
    for (let at = 0; at < 200; at++) {
      await stores.ingest('a', request([gauge('new', [at * 1000, at])]), 'protobuf')
    }
    const store = stores.tenant('a')
    expect(Object.keys(dump(store))).to.deep.equal(['{__name__="new", job="shop"}'])
    expect(store.seriesCount()).to.equal(1)
    await stores.ingest('a', request([gauge('old', [200_000, 5])]), 'protobuf')
    expect(dump(store)['{__name__="old", job="shop"}']).to.deep.equal(['200000:5'])
  })

  it('take a series again that was forgotten after it had come often', async () => {
    const stores = await openStores({ retentionMs: 60_000 })
    const histograms = (at: number) => histogram('old', 2, { at, counts: [1, 0, 0], sum: 1 })
    for (const at of [0, 1000, 2000]) {
      await stores.ingest('a', request([gauge('g', [at, at]), histograms(at)]), 'protobuf')
    }
    for (let at = 0; at < 200; at++) {
      await stores.ingest('a', request([gauge('new', [at * 1000, at])]), 'protobuf')
    }
    expect(stores.tenant('a').seriesCount()).to.equal(1)
    for (const at of [200_000, 199_000]) {
      await stores.ingest('a', request([gauge('g', [at, at]), histograms(at)]), 'protobuf')
    }
    const series = dump(stores.tenant('a'))
    expect(series['{__name__="g", job="shop"}']).to.deep.equal(['199000:199000', '200000:200000'])
    expect(series['{__name__="old_count", job="shop"}']).to.deep.equal(['199000:1', '200000:1'])
  })

  it('forget the names of metrics whose series are gone or were refused', async () => {
    const stores = await openStores({ retentionMs: 60_000, limits: limitsWith({ seriesMax: 30 }) })
    for (let at = 0; at < 300; at++) {
      const names = Array.from({ length: 20 }, (_, i) => gauge(`m${at}_${i}`, [at * 1000, 1]))
      await stores.ingest('a', request([...names, gauge('new', [at * 1000, at])]), 'protobuf')
      await stores.ingest(
        'a',
        request([histogram(`h${at}`, 2, { at, counts: [1], sum: 1 })]),
        'protobuf',
      )
    }
    expect(stores.tenant('a').metricNames()).to.be.lessThan(40)
    const all = [{ name: '__name__', type: '=~', value: '.+' }] as const
    const series = stores.tenant('a').select(all, 0, Number.POSITIVE_INFINITY)
    expect(series.map(({ labels }) => labels.metricName)).to.include('new')
  })

  it('take late samples of series while these are being forgotten', async () => {
    const stores = await openStores({ retentionMs: 60_000 })
    // More than one step of the sweep looks at, so that it rests in between.
    const many = Array.from({ length: 25_000 }, (_, i) => gauge(`m${i}`, [1000, i]))
    await stores.ingest('a', request(many), 'protobuf')
    // The first of these ends the sweep that began with the store, the second begins another.
    for (const at of [130_000, 130_001]) {
      await stores.ingest('a', request([gauge('new', [at, 1])]), 'protobuf')
    }
    const late = await stores.ingest('a', request([gauge('m5', [900, 5])]), 'protobuf')
    expect([late.accepted, late.rejected]).to.deep.equal([1, 0])
  })

  it('count what is over a limit and say which', async () => {
    const limits = limitsWith({ seriesMax: 3, seriesPerMetricMax: 2, labelValueLengthMax: 10 })
    const stores = await openStores({ limits })
    const points = ['a', 'b', 'c', 'much too long'].map((value) => ({
      timeUnixNano: nanos(1000),
      asInt: '1',
      attributes: [attribute('k', value)],
    }))
    const first = await stores.ingest(
      'a',
      request([{ name: 'm', gauge: { dataPoints: points } }]),
      'protobuf',
    )
    expect(first).to.deep.equal({
      accepted: 2,
      rejected: 2,
      message:
        '2 of 4 points were rejected: 1 have more or longer labels than allowed (label k of m has 13 characters, limit 10); 1 would start a series over the limit of their metric (limit 2, metric m)',
    })
    const second = await stores.ingest(
      'a',
      request([gauge('n', [1, 1]), gauge('o', [1, 1])]),
      'protobuf',
    )
    expect(second.message).to.contain('over the limit of the tenant (limit 3, metric o)')
    expect(stores.stats().rejections.get('series_limit')).to.equal(1)
  })

  it('count labels that are too many or too long, and what memory has no room for', async () => {
    const named = (...labels: readonly (readonly [string, string])[]) => ({
      timeUnixNano: nanos(1000),
      asInt: '1',
      attributes: labels.map(([name, value]) => attribute(name, value)),
    })
    const limits = limitsWith({ labelsMax: 2, labelNameLengthMax: 5 })
    const dataPoints = [
      named(['a', '1']),
      named(['a', '1'], ['b', '2'], ['c', '3']),
      named(['name_of_six', '1']),
    ]
    const stores = await openStores({ limits })
    const result = await stores.ingest(
      'a',
      request([{ name: 'm', gauge: { dataPoints } }]),
      'protobuf',
    )
    expect([result.accepted, result.rejected]).to.deep.equal([1, 2])
    expect(result.message).to.contain(
      'have more or longer labels than allowed (4 labels of m, limit 2)',
    )
    const long = request([{ name: 'm', gauge: { dataPoints: [named(['name_of_six', '1'])] } }])
    expect((await stores.ingest('a', long, 'protobuf')).message).to.contain(
      'a label name of m has 11 characters, limit 5',
    )

    const small = await openStores({ limits: limitsWith({ memoryBytesMax: 300_000 }) })
    const filling = Array.from({ length: 20_000 }, (_, i) => gauge(`m${i}`, [1000, i]))
    const full = await small.ingest('a', request(filling), 'protobuf')
    expect(full.message).to.contain(
      'would start a series over the memory limit (limit 300000 bytes)',
    )
    expect(full.accepted).to.be.within(100, 10_000)
    expect(small.stats().memoryBytes).to.be.below(2_000_000)
    // What is there goes on.
    const known = await small.ingest('a', request([gauge('m0', [2000, 1])]), 'protobuf')
    expect([known.accepted, known.rejected]).to.deep.equal([1, 0])
  })

  it('merge exponential deltas whose buckets the wider zero bucket takes in', async () => {
    const stores = await openStores()
    const metric = (at: number, zeroThreshold: number, offset: number, bucketCounts: string[]) => ({
      name: 'size',
      exponentialHistogram: {
        aggregationTemporality: 1,
        dataPoints: [
          {
            timeUnixNano: nanos(at),
            count: String(bucketCounts.length + 1),
            scale: 0,
            zeroCount: '1',
            zeroThreshold,
            positive: { offset, bucketCounts },
          },
        ],
      },
    })
    // Buckets (0.25, 0.5], (0.5, 1], (1, 2]; then a zero bucket up to 0.5.
    await stores.ingest('a', request([metric(1000, 0, -2, ['1', '1', '1'])]), 'protobuf')
    await stores.ingest('a', request([metric(2000, 0.5, 0, ['1'])]), 'protobuf')
    const [, merged] = nativeHistograms(stores.tenant('a'), 'size')
    expect(merged).to.include({ count: 6, zeroCount: 3 })
    expect(merged).to.deep.include({ offset: 0, counts: [1, 2] })
  })

  it('keep tenants apart, and give an empty store for one that sent nothing', async () => {
    const stores = await openStores({ limits: limitsWith({ tenantsMax: 1 }) })
    const before = stores.tenant('a')
    expect(dump(before)).to.deep.equal({})
    await stores.ingest('a', request([gauge('g', [1, 1])]), 'protobuf')
    expect(Object.keys(dump(before))).to.have.length(1)
    expect(dump(stores.tenant('b'))).to.deep.equal({})
    const refused = await stores
      .ingest('b', request([gauge('g', [1, 1])]), 'protobuf')
      .catch((e) => e)
    expect(refused).to.include({ code: 'OVERLOADED' })
  })

  it('name the same series under other attribute order, and rename what conventions renamed', async () => {
    const stores = await openStores()
    const point = (at: number, ...attributes: object[]) => ({
      timeUnixNano: nanos(at),
      asDouble: at,
      attributes,
    })
    const cpu = attribute('cpu.logical_number', '0')
    const dataPoints = [
      point(1, cpu, attribute('cpu.mode', 'user')),
      point(2, attribute('system.cpu.state', 'user'), cpu),
      point(3, attribute('state', 'user'), attribute('cpu', '0')),
    ]
    const metric = {
      name: 'system.cpu.time',
      sum: { aggregationTemporality: 2, isMonotonic: true, dataPoints },
    }
    await stores.ingest('a', request([metric]), 'protobuf')
    expect(dump(stores.tenant('a'))).to.deep.equal({
      '{__name__="system_cpu_time_seconds_total", cpu_logical_number="0", cpu_mode="user", job="shop"}':
        ['1:1', '2:2', '3:3'],
    })
  })

  it('say once per report what a resource is, as target_info', async () => {
    const stores = await openStores()
    const resource = {
      attributes: [
        attribute('service.namespace', 'eu'),
        attribute('service.name', 'shop'),
        attribute('service.instance.id', 'i1'),
        attribute('os.type', 'linux'),
        attribute('host.name', 'h1'),
      ],
    }
    const body = {
      resourceMetrics: [{ resource, scopeMetrics: [{ metrics: [gauge('g', [7, 1])] }] }],
    }
    await stores.ingest('a', Buffer.from(JSON.stringify(body)), 'json')
    expect(dump(stores.tenant('a'))).to.deep.equal({
      '{__name__="g", host_name="h1", instance="i1", job="eu/shop"}': ['7:1'],
      '{__name__="target_info", host_name="h1", instance="i1", job="eu/shop", os_type="linux"}': [
        '7:1',
      ],
    })
  })

  it('keep a summary as its quantiles, sum and count, and tell of it once', async () => {
    const stores = await openStores()
    const point = {
      timeUnixNano: nanos(1000),
      count: '3',
      sum: 4.5,
      quantileValues: [
        { quantile: 0, value: 1 },
        { quantile: 0.99, value: 2.5 },
      ],
    }
    const metric = { name: 'wait', unit: 's', description: 'd', summary: { dataPoints: [point] } }
    expect((await stores.ingest('a', request([metric]), 'protobuf')).accepted).to.equal(1)
    expect(dump(stores.tenant('a'))).to.deep.equal({
      '{__name__="wait_seconds", job="shop", quantile="0"}': ['1000:1'],
      '{__name__="wait_seconds", job="shop", quantile="0.99"}': ['1000:2.5'],
      '{__name__="wait_seconds_sum", job="shop"}': ['1000:4.5'],
      '{__name__="wait_seconds_count", job="shop"}': ['1000:3'],
    })
    expect(stores.tenant('a').metadata()).to.deep.equal([
      { name: 'wait_seconds', type: 'summary', help: 'd', unit: 's' },
    ])
  })

  it('read again what a histogram was under its old bounds', async () => {
    const stores = await openStores()
    const point = (at: number, explicitBounds: number[]) => ({
      name: 'h',
      histogram: {
        aggregationTemporality: 2,
        dataPoints: [
          {
            timeUnixNano: nanos(at),
            count: '3',
            bucketCounts: explicitBounds.map(() => '1').concat('1'),
            explicitBounds,
          },
        ],
      },
    })
    await stores.ingest('a', request([point(1000, [1, 2])]), 'protobuf')
    await stores.ingest('a', request([point(2000, [2, 4])]), 'protobuf')
    const series = dump(stores.tenant('a'))
    const bucket = (le: string) => series[`{__name__="h_bucket", job="shop", le="${le}"}`]
    expect(bucket('1')).to.deep.equal(['1000:1'])
    expect(bucket('2')).to.deep.equal(['1000:2', '2000:1'])
    expect(bucket('4')).to.deep.equal(['2000:2'])
    expect(bucket('+Inf')).to.deep.equal(['1000:3', '2000:3'])
  })

  it('keep exemplars with the bucket that they are in, each once', async () => {
    const stores = await openStores()
    const traceId = '0af7651916cd43dd8448eb211c80319c'
    const metric = histogram('h', 2, { at: 1000, counts: [0, 1, 0], sum: 3 }) as {
      histogram: { dataPoints: object[] }
    }
    metric.histogram.dataPoints[0] = {
      ...metric.histogram.dataPoints[0],
      exemplars: [
        { timeUnixNano: nanos(900), asDouble: 3, traceId, spanId: 'b7ad6b7169203331' },
        { timeUnixNano: nanos(800), asInt: '4', filteredAttributes: [attribute('user', 'u1')] },
      ],
    }
    for (let i = 0; i < 2; i++) await stores.ingest('a', request([metric]), 'protobuf')
    const store = stores.tenant('a')
    const all = store.exemplars([], 0, 2000)
    expect(all.map(({ labels }) => String(labels))).to.deep.equal([
      '{__name__="h_bucket", job="shop", le="5"}',
    ])
    expect(all[0]!.exemplars).to.deep.equal([
      { timeMs: 800, value: 4, traceId: '', spanId: '', attributes: [['user', 'u1']] },
      { timeMs: 900, value: 3, traceId, spanId: 'b7ad6b7169203331', attributes: [] },
    ])
    expect(store.exemplars([{ name: 'le', type: '=', value: '1' }], 0, 2000)).to.deep.equal([])
    expect(store.exemplars([], 850, 2000)[0]!.exemplars).to.have.length(1)
  })

  it('keep what is whole of requests with flipped bytes, and read it all back', async () => {
    const random = new Random(31)
    const stores = await openStores({ retentionMs: 1e15, limits: limitsWith({ tenantsMax: 1e6 }) })
    const seeds = random.many(40, () => encodeRequest(randomRequest(random)))
    for (let i = 0; i < STORED_MUTATIONS; i++) {
      const bytes = random.pick(seeds).slice()
      for (let flips = random.below(3); flips > 0; flips--) {
        bytes[random.below(bytes.length)] = random.pick([random.below(256), 0xff, 0])
      }
      const tenant = `t${i % 50}`
      const result = await stores.ingest(tenant, bytes, 'protobuf').catch((error: unknown) => error)
      if (result instanceof Error) expect(result).to.include({ code: 'BODY_INVALID' })
    }
    for (const tenant of stores.tenants()) {
      for (const [name, samples] of Object.entries(dump(stores.tenant(tenant)))) {
        const times = samples.map((sample) => Number(sample.split(':', 1)[0]))
        expect(times, name).to.deep.equal([...new Set(times)].sort((a, b) => a - b))
      }
    }
  })

  it('take an exponential histogram only within the limit of buckets', async () => {
    const stores = await openStores({ limits: limitsWith({ bucketsMax: 4 }) })
    const metric = (offset: number, length: number) => ({
      name: 'e',
      exponentialHistogram: {
        aggregationTemporality: 1,
        dataPoints: [
          {
            timeUnixNano: nanos(Math.abs(offset) + 1),
            count: '1',
            scale: 20,
            positive: { offset, bucketCounts: Array(length).fill('1') },
          },
        ],
      },
    })
    const wide = await stores.ingest('a', request([metric(0, 5)]), 'protobuf')
    expect(wide.message).to.contain('an exponential histogram has 5 buckets, more than 4')
    // Far apart, two points of one bucket each would span four thousand million.
    for (const offset of [-2_000_000_000, 2_000_000_001]) {
      expect(
        (await stores.ingest('a', request([metric(offset, 1)]), 'protobuf')).accepted,
      ).to.equal(1)
    }
    expect(nativeHistograms(stores.tenant('a'), 'e')).to.have.length(2)
  })

  it('take samples of rules, with stale markers, and tell of arrivals', async () => {
    const arrivals: unknown[] = []
    const stores = await openStores({
      onArrival: (tenant, { newestMs, accepted, names }) =>
        arrivals.push([tenant, newestMs, accepted, names.has('g')]),
    })
    await stores.ingest('a', request([gauge('g', [5000, 1])]), 'protobuf')
    expect(arrivals).to.deep.equal([['a', 5000, 1, true]])
    const store = stores.tenant('a')
    expect(store.append('ALERTS', [['alertname', 'x']], 5000, 1)).to.equal(true)
    expect(store.append('ALERTS', [['alertname', 'x']], 6000, 'stale')).to.equal(true)
    expect(dump(store)['{__name__="ALERTS", alertname="x"}']).to.deep.equal([
      '5000:1',
      '6000:stale',
    ])
    expect(store.labelNames()).to.deep.equal(['__name__', 'alertname', 'job'])
    expect(store.labelValues('__name__')).to.deep.equal(['ALERTS', 'g'])
    expect(store.metadata()[0]).to.deep.equal({ name: 'g', type: 'gauge', help: '', unit: '' })
  })
})

/** The native histograms of a series, in short. */
function nativeHistograms(store: TenantStore, name: string): object[] {
  const [series] = store.select([{ name: '__name__', type: '=', value: name }], 0, 1e15)
  const buffer = new SampleBuffer()
  series?.read(0, 1e15, buffer)
  return buffer.histograms.map((histogram) => ({
    schema: histogram?.schema,
    count: histogram?.count,
    ...(histogram?.zeroCount ? { zeroCount: histogram.zeroCount } : {}),
    sum: histogram?.sum,
    offset: histogram?.positive.offset,
    counts: [...(histogram?.positive.counts ?? [])],
  }))
}
