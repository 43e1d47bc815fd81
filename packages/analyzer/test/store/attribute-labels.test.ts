import { expect } from 'chai'
import { jsonRequestToProtobuf } from '../../src/decode/json-request.ts'
import type { TenantStore } from '../../src/store/tenant-store.ts'
import { dump, openStores } from './open-stores.ts'
import { attribute, nanos } from './otlp-bytes.ts'

type Pairs = readonly (readonly [string, string])[]

const RESOURCES: readonly Pairs[] = [
  [
    ['service.name', 'shop'],
    ['service.instance.id', '1'],
    ['host.name', 'a'],
  ],
  [
    ['service.name', 'shop'],
    ['service.instance.id', '2'],
    ['host.name', 'b'],
    ['service.version', '7'],
  ],
  [['host.name', 'c']],
  [
    ['service.name', ''],
    ['service.instance.id', '4'],
  ],
]

const ATTRIBUTES: readonly Pairs[] = [
  [],
  [['route', '/a']],
  [
    ['route', '/b'],
    ['error.type', ''],
  ],
  [['job', 'mine']],
  [['instance', 'mine']],
  [['host.name', 'mine']],
  [['host.name', '']],
  [
    ['zone', 'z'],
    ['host.name', 'mine'],
    ['area', 'a'],
  ],
]

function requestOf(resources: readonly Pairs[], timeMs: number, attributes = ATTRIBUTES) {
  const toAttributes = (pairs: Pairs) => pairs.map(([key, value]) => attribute(key, value))
  const dataPoints = attributes.map((pairs, i) => ({
    ...{ timeUnixNano: nanos(timeMs), asDouble: i },
    attributes: toAttributes(pairs),
  }))
  const metrics = ['x', 'y'].map((name) => ({ name, gauge: { dataPoints } }))
  const resourceMetrics = resources.map((pairs) => ({
    resource: { attributes: toAttributes(pairs) },
    scopeMetrics: [{ metrics }],
  }))
  return jsonRequestToProtobuf(Buffer.from(JSON.stringify({ resourceMetrics })))
}

/** The newest sample of each series: a block may hold older ones whose times are forgotten. */
function newestOf(store: TenantStore) {
  return Object.entries(dump(store)).map(([series, samples]) => [series, samples.at(-1)])
}

describe('the labels of attributes', () => {
  it('are for each resource what they are when it is alone', async () => {
    const together = await openStores()
    // Twice with the resources in another order: each set of attributes is met first and later.
    await together.ingest('a', requestOf(RESOURCES, 1000), 'protobuf')
    const reversed = await openStores()
    await reversed.ingest('a', requestOf(RESOURCES.toReversed(), 1000), 'protobuf')
    const alone: Record<string, string[]> = {}
    for (const resource of RESOURCES) {
      for (const attributes of ATTRIBUTES) {
        const stores = await openStores()
        await stores.ingest('a', requestOf([resource], 1000, [attributes]), 'protobuf')
        for (const [series, samples] of Object.entries(dump(stores.tenant('a')))) {
          // Sets of attributes may come to one series; then the first sample stays.
          alone[series] ??= samples
        }
      }
    }
    const series = Object.keys(alone).sort()
    expect(Object.keys(dump(together.tenant('a'))).sort()).to.deep.equal(series)
    expect(Object.keys(dump(reversed.tenant('a'))).sort()).to.deep.equal(series)
    expect(series).to.have.length.above(40)
  })

  it('are right after labels were forgotten and their numbers used again', async () => {
    const hour = 3_600_000
    const stores = await openStores({ retentionMs: hour })
    const other: Pairs[] = [[['other', 'attribute']], [['and', 'another']]]
    for (let round = 0; round < 8; round++) {
      const atMs = (round + 1) * 3 * hour
      const attributes = round % 2 === 0 ? ATTRIBUTES : other
      await stores.ingest('a', requestOf(RESOURCES, atMs, attributes), 'protobuf')
      stores.tenant('a').expireAll(atMs)
      const fresh = await openStores({ retentionMs: hour })
      await fresh.ingest('a', requestOf(RESOURCES, atMs, attributes), 'protobuf')
      expect(newestOf(stores.tenant('a'))).to.deep.equal(newestOf(fresh.tenant('a')))
    }
  })
})
