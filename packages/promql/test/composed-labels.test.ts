import { ComposedLabels, createEngine, LabelSet, type SampleBuffer } from '@chokepoint/promql'
import { expect } from 'chai'

const rest = LabelSet.of({ __type__: 'histogram', b: '2', job: 'shop', z: '9' })
const bucket = new ComposedLabels(rest, 'x_bucket', '0.5')
const spelled = LabelSet.of({ ...rest.toRecord(), __name__: 'x_bucket', le: '0.5' })

describe('a label set that is composed', () => {
  it('is the set with the same labels', () => {
    expect([...bucket]).to.deep.equal([...spelled])
    expect([bucket.key, bucket.size, bucket.metricName]).to.deep.equal([
      ...[spelled.key, spelled.size, spelled.metricName],
    ])
    expect(bucket.equals(spelled)).to.equal(true)
    for (const name of [...spelled.names, 'absent']) {
      expect([bucket.get(name), bucket.has(name)]).to.deep.equal([
        ...[spelled.get(name), spelled.has(name)],
      ])
    }
    expect(bucket.withoutName().toString()).to.equal(spelled.withoutName().toString())
    expect(bucket.without(['le']).toString()).to.equal(spelled.without(['le']).toString())
    expect(bucket.with('le', '1').get('le')).to.equal('1')
  })

  it('may have no bound, and then a label of that name may be among the rest', () => {
    const labels = new ComposedLabels(LabelSet.of({ le: 'mine', job: 'shop' }), 'x', '')
    expect(labels.toString()).to.equal('{__name__="x", job="shop", le="mine"}')
    expect(labels.withoutName().toString()).to.equal('{job="shop", le="mine"}')
    expect(new ComposedLabels(labels.rest, '', '5').toString()).to.equal('{job="shop", le="5"}')
  })

  for (const query of [
    'sum by (job) (x_bucket)',
    'sum by (__name__, le) (x_bucket)',
    'sum without (instance) (x_bucket)',
    'sum without (le) (x_bucket)',
    'group by (le, job) (x_bucket) * on (le, job) group_right () rate(x_bucket[1m])',
    'x_bucket - ignoring (a) x_bucket',
    'histogram_quantile(0.5, x_bucket)',
    'histogram_quantile(0.5, rate(x_bucket[1m]))',
    'histogram_quantile(0.5, sum by (job, le) (rate(x_bucket[1m])))',
    'topk by (le) (1, x_bucket)',
    'label_replace(x_bucket, "copy", "$1", "le", "(.*)")',
    'count_values("value", x_bucket)',
    'sort_by_label(x_bucket, "le", "instance")',
  ]) {
    it(`gives what its own lists would give: ${query}`, () => {
      const engine = createEngine({ experimental: true, delayedNameRemoval: false })
      const answer = (composed: boolean | 'some') => {
        const { value } = engine.instant(bucketsSource(composed), query, 60_000)
        if (value.type !== 'vector') throw new Error('a vector was expected')
        return value.samples.map(({ labels, value: number }) => `${labels} ${number}`)
      }
      // In either order, so that what the engine keeps of one serves the other.
      const first = answer(true)
      expect(first).to.have.length.above(0)
      expect(answer(false)).to.deep.equal(first)
      expect(answer(true)).to.deep.equal(first)
      // Buckets of one histogram either way: they fall into the same groups.
      expect(answer('some')).to.deep.equal(first)
    })
  }
})

/** Two histograms of three buckets, their labels composed or with lists of their own, or the second's only. */
function bucketsSource(composed: boolean | 'some') {
  const series = ['a', 'b'].flatMap((instance, i) =>
    ['0.1', '1', '+Inf'].map((le, j) => {
      const common = LabelSet.of({ instance, job: 'shop', le: 'an attribute' })
      const labels = new ComposedLabels(common, 'x_bucket', le)
      const isComposed = composed === 'some' ? i === 1 : composed
      return {
        labels: isComposed ? labels : LabelSet.of(labels.toRecord()),
        read: (fromMs: number, toMs: number, into: SampleBuffer) => {
          for (const timeMs of [15_000, 30_000, 45_000, 60_000]) {
            if (timeMs >= fromMs && timeMs <= toMs)
              into.pushFloat(timeMs, (timeMs * (1 + i + j)) / 1000)
          }
        },
      }
    }),
  )
  return { select: () => series }
}
