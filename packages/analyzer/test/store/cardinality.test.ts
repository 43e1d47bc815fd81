import { expect } from 'chai'
import { limitsWith } from '../../src/config/limits.ts'
import type { StoreLimits } from '../../src/store/limits.ts'
import type { TenantStores } from '../../src/store/tenant-stores.ts'
import { dump, openStores } from './open-stores.ts'
import { attribute, gauge, nanos, request } from './otlp-bytes.ts'

const REFUSED = 'chokepoint_store_refused_points_total'

/** A request of one metric whose label `user_id` has a new value for each point. */
function exploding(first: number, count: number, timeMs: number): Uint8Array {
  const dataPoints = Array.from({ length: count }, (_, i) => ({
    timeUnixNano: nanos(timeMs),
    asInt: '1',
    attributes: [
      attribute('user_id', `u${first + i}`),
      attribute('http.route', `/r${i % 3}`),
      attribute('host.name', `h${first + i}`),
    ],
  }))
  return request([{ name: 'http.requests', gauge: { dataPoints } }])
}

const open = (limits: Partial<StoreLimits>): Promise<TenantStores> =>
  openStores({ limits: limitsWith(limits) })

/** The store's own series, without those that were sent. */
function ownSeries(stores: TenantStores): Record<string, string[]> {
  const all = Object.entries(dump(stores.tenant('a')))
  return Object.fromEntries(all.filter(([name]) => name.includes('chokepoint_store')))
}

describe('series that a limit refuses', () => {
  it('are told by the label that has values without end, not by who reports', async () => {
    let now = 10_000
    const limits = limitsWith({ seriesPerMetricMax: 20 })
    const stores = await openStores({ limits, clock: 'wall', wallClock: () => now })
    const result = await stores.ingest('a', exploding(0, 100, 10_000), 'protobuf')
    expect(result.rejected).to.equal(80)
    now = 20_000
    await stores.ingest('a', exploding(1000, 30, 20_000), 'protobuf')
    expect(ownSeries(stores)).to.deep.equal({
      [`{__name__="${REFUSED}", job="shop", label="user_id", metric="http_requests", reason="metric_limit"}`]:
        ['9999:0', '10000:80', '20000:110'],
      '{__name__="chokepoint_store_label_values", job="shop", label="user_id", metric="http_requests"}':
        ['10000:80', '20000:110'],
    })
  })

  it('are told as of the metric that fills the tenant, whoever is refused', async () => {
    const stores = await open({ seriesMax: 50 })
    await stores.ingest('a', exploding(0, 50, 10_000), 'protobuf')
    const late = await stores.ingest('a', request([gauge('innocent', [10_000, 1])]), 'protobuf')
    expect(late.message).to.contain('over the limit of the tenant (limit 50, metric innocent)')
    const [name] = Object.keys(ownSeries(stores)).sort().reverse()
    expect(name).to.contain('label="user_id", metric="http_requests", reason="series_limit"')
  })

  it('leave nothing behind in memory', async () => {
    const stores = await open({ seriesPerMetricMax: 10 })
    for (let round = 0; round < 5; round++) {
      await stores.ingest('a', exploding(round * 1000, 1000, 1000 + round), 'protobuf')
    }
    expect(stores.tenant('a').labelPairs()).to.be.below(50)
  })
})

describe('the labels of series that are gone', () => {
  it('are forgotten, and their numbers are used again', async () => {
    const stores = await openStores({ retentionMs: 60_000 })
    for (let at = 0; at < 400; at++) {
      await stores.ingest('a', exploding(at * 10, 10, at * 10_000), 'protobuf')
    }
    const store = stores.tenant('a')
    expect(store.seriesCount()).to.be.below(400)
    expect(store.labelPairs()).to.be.below(1000)
    const names = Object.keys(dump(store))
    expect(names).to.have.length(new Set(names).size)
    expect(names.some((name) => name.includes('user_id="u3999"'))).to.equal(true)
  })
})
