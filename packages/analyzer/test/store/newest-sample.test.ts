import { SampleBuffer } from '@chokepoint/promql'
import { expect } from 'chai'
import { Random } from '../decode/random.ts'
import { openStores } from './open-stores.ts'
import { gauge, request } from './otlp-bytes.ts'

describe('the newest sample of a series', () => {
  it('is the last of those that reading the window gives, whatever the window', async () => {
    const random = new Random(11)
    const stores = await openStores({ retentionMs: 1e15 })
    const store = stores.tenant('a')
    let at = 1_000
    for (let i = 0; i < 1500; i++) {
      at += random.pick([1000, 1000, 1000, 2500])
      const value = random.pick([7, i, random.next(), Number.NaN, 243, -0])
      if (random.chance(0.05)) store.append('g', [['job', 'shop']], at, 'stale')
      // Late samples are put in their place, which makes blocks anew.
      else if (random.chance(0.02)) store.append('g', [['job', 'shop']], at - 700, value)
      else store.append('g', [['job', 'shop']], at, value)
      if (i % 3 === 0) compare(store, at - random.below(400_000), at - random.below(3000))
      compare(store, at - 5_000, at)
    }
  })

  it('is that of a series which two streams make up, too', async () => {
    const stores = await openStores({ retentionMs: 1e15 })
    await stores.ingest('a', request([gauge('g', [1000, 1], [2000, 2])]), 'protobuf')
    compare(stores.tenant('a'), 0, 1500)
    compare(stores.tenant('a'), 0, 9000)
    compare(stores.tenant('a'), 3000, 9000)
  })
})

type Store = ReturnType<Awaited<ReturnType<typeof openStores>>['tenant']>

function compare(store: Store, fromMs: number, toMs: number): void {
  const matchers = [{ name: '__name__', type: '=', value: 'g' } as const]
  for (const series of store.select(matchers, fromMs, toMs)) {
    const all = new SampleBuffer()
    series.read(fromMs, toMs, all)
    const newest = new SampleBuffer()
    series.readLast?.(fromMs, toMs, newest)
    expect(lastOf(newest), `${fromMs} to ${toMs}`).to.deep.equal(lastOf(all))
  }
}

function lastOf({ size, times, values, kinds, startTimes }: SampleBuffer) {
  if (size === 0) return undefined
  const at = size - 1
  return [times[at], values[at], kinds[at], startTimes?.[at] ?? 0]
}
