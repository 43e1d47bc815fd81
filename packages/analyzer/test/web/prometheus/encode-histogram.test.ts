import { CUSTOM_BUCKETS_SCHEMA, type NativeHistogram, NO_BUCKETS } from '@chokepoint/promql'
import { expect } from 'chai'
import { encodeHistogram } from '../../../src/web/prometheus/encode-histogram.ts'

const histogram = (changes: Partial<NativeHistogram>): NativeHistogram => ({
  schema: 0,
  zeroThreshold: 0.001,
  zeroCount: 0,
  count: 0,
  sum: 0,
  positive: NO_BUCKETS,
  negative: NO_BUCKETS,
  counterResetHint: 'unknown',
  ...changes,
})

describe('a histogram in the Prometheus API', () => {
  it('has its buckets from the lowest to the highest, the empty ones left out', () => {
    const encoded = encodeHistogram(
      histogram({
        count: 12,
        sum: 18.4,
        zeroCount: 2,
        positive: { offset: 0, counts: new Float64Array([1, 0, 5]) },
        negative: { offset: 1, counts: new Float64Array([3, 1]) },
      }),
    )
    expect(encoded).to.deep.equal({
      count: '12',
      sum: '18.4',
      buckets: [
        [1, '-4', '-2', '1'],
        [1, '-2', '-1', '3'],
        [3, '-0.001', '0.001', '2'],
        [0, '0.5', '1', '1'],
        [0, '2', '4', '5'],
      ],
    })
  })

  it('has custom bounds as they are, the first closed at minus infinity', () => {
    const encoded = encodeHistogram(
      histogram({
        schema: CUSTOM_BUCKETS_SCHEMA,
        zeroThreshold: 0,
        count: 6,
        sum: 4,
        customBounds: new Float64Array([0.5, 1]),
        positive: { offset: 0, counts: new Float64Array([1, 2, 3]) },
      }),
    )
    expect(encoded.buckets).to.deep.equal([
      [3, '-Inf', '0.5', '1'],
      [0, '0.5', '1', '2'],
      [0, '1', '+Inf', '3'],
    ])
  })

  it('has no buckets when nothing was observed', () => {
    expect(encodeHistogram(histogram({}))).to.deep.equal({ count: '0', sum: '0' })
  })
})
