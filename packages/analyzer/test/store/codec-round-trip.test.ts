import { expect } from 'chai'
import { Random } from '../decode/random.ts'
import { dump, openStores } from './open-stores.ts'
import { gauge, histogram, request } from './otlp-bytes.ts'

/** Sequences of values with the shapes that metrics have. */
const SHAPES: Readonly<Record<string, (random: Random, before: number) => number>> = {
  'a constant': (_, before) => before,
  'an even counter': (_, before) => before + 7,
  'an uneven counter': (random, before) => before + random.below(10_000_000),
  'a counter that resets': (random, before) =>
    random.chance(0.05) ? 0 : before + random.below(99),
  'huge whole numbers': (random) => Math.floor((random.next() - 0.5) * 2 ** 53),
  fractions: (random) => random.next(),
  'seconds with two decimals': (random, before) => Math.round((before + random.next()) * 100) / 100,
  'decimals of any place': (random, before) => {
    const scale = 10 ** random.below(7)
    return Math.round((before + (random.next() - 0.5) * 100) * scale) / scale
  },
  'every kind of double': (random) =>
    random.pick([0, -0, Number.NaN, Infinity, -Infinity, 5e-324, 1.7e308, 2 ** 53, -1, 0.1]),
  'numbers that turn from whole to not and back': (random, before) =>
    random.chance(0.5) ? Math.trunc(before) + random.below(5) : random.next() * 100,
}

describe('samples that were stored', () => {
  for (const [shape, next] of Object.entries(SHAPES)) {
    it(`come back bit by bit: ${shape}`, async () => {
      const random = new Random(7)
      const stores = await openStores({ retentionMs: 1e15 })
      const expected: string[] = []
      let value = 1000
      let timeMs = 1000
      for (let i = 0; i < 700; i++) {
        value = next(random, value)
        // Now and then another series reports alone, so that the times of this one are not in step.
        if (random.chance(0.1)) {
          await stores.ingest('a', request([gauge('other', [timeMs - 1, 1])]), 'protobuf')
        }
        await stores.ingest('a', request([gauge('g', [timeMs, value])]), 'protobuf')
        expected.push(`${timeMs}:${Object.is(value, -0) ? '-0' : value}`)
        timeMs += random.chance(0.8) ? 10_000 : random.below(100_000) + 2
      }
      expect(dump(stores.tenant('a'))['{__name__="g", job="shop"}']).to.deep.equal(expected)
    })
  }

  it('come back in order when they came in any order', async () => {
    const random = new Random(8)
    const stores = await openStores({ retentionMs: 1e15 })
    const times = random.many(600, (i) => 1000 + i * 10)
    for (let i = times.length - 1; i > 0; i--) {
      const other = Math.max(0, i - random.below(40))
      ;[times[i], times[other]] = [times[other]!, times[i]!]
    }
    for (const at of times) {
      const row = histogram('h', 2, { at, counts: [at, at % 7, 1], sum: at / 3 })
      await stores.ingest('a', request([gauge('g', [at, at / 7]), row]), 'protobuf')
    }
    const sorted = times.toSorted((a, b) => a - b)
    const series = dump(stores.tenant('a'))
    const shop = (name: string, le = '') =>
      series[`{__name__="${name}", job="shop"${le === '' ? '' : `, le="${le}"`}}`]
    expect(shop('g')).to.deep.equal(sorted.map((at) => `${at}:${at / 7}`))
    expect(shop('h_sum')).to.deep.equal(sorted.map((at) => `${at}:${at / 3}`))
    expect(shop('h_bucket', '5')).to.deep.equal(sorted.map((at) => `${at}:${at + (at % 7)}`))
    expect(shop('h_count')).to.deep.equal(sorted.map((at) => `${at}:${at + (at % 7) + 1}`))
  })

  it('come back row by row: histograms that rest, move, reset and change their sum', async () => {
    const random = new Random(9)
    const stores = await openStores({ retentionMs: 1e15 })
    const expected: string[] = []
    let counts = [0, 0, 0]
    let sum = 0
    for (let i = 0; i < 900; i++) {
      if (random.chance(0.02)) counts = [0, 0, 0]
      if (random.chance(0.5)) {
        counts = counts.map((count) => count + random.below(random.pick([2, 1000, 1e9])))
        sum = random.pick([random.next(), Number.NaN, sum + random.below(100), Math.trunc(sum)])
      }
      const at = 1000 + i * 10_000
      const row = histogram('h', 2, { at, counts, sum: 0 }) as {
        histogram: { dataPoints: { sum: number | string }[] }
      }
      row.histogram.dataPoints[0]!.sum = Number.isNaN(sum) ? 'NaN' : sum
      await stores.ingest('a', request([row]), 'protobuf')
      expected.push(`${at}:${sum} ${counts[0]} ${counts[0]! + counts[1]!}`)
    }
    const series = dump(stores.tenant('a'))
    const values = (name: string) => series[name]!.map((sample) => sample.split(':')[1])
    const low = values('{__name__="h_bucket", job="shop", le="1"}')
    const high = values('{__name__="h_bucket", job="shop", le="5"}')
    const sums = series['{__name__="h_sum", job="shop"}']!
    expect(sums.map((sample, i) => `${sample} ${low[i]} ${high[i]}`)).to.deep.equal(expected)
  })
})
