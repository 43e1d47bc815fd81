import { expect } from 'chai'
import { bucketsOf } from '../../src/histogram/buckets.ts'
import {
  equalHistograms,
  FloatHistogram,
  IncompatibleBucketsError,
} from '../../src/histogram/float-histogram.ts'
import { formatHistogram } from '../../src/histogram/format.ts'
import { parseHistogram } from '../../src/histogram/notation.ts'
import { isReset } from '../../src/histogram/reset.ts'
import { averageHistograms, sumHistograms } from '../../src/histogram/sum.ts'
import { trimHistogram } from '../../src/histogram/trim.ts'

const shown = (text: string) => formatHistogram(parseHistogram(text))

describe('a native histogram', () => {
  it('shows its buckets with their bounds', () => {
    expect(
      shown('schema:0 count:6 sum:7 z_bucket:1 z_bucket_w:0.5 buckets:[1 0 2] n_buckets:[2]'),
    ).to.equal('{count:6, sum:7, [-1,-0.5):2, [-0.5,0.5]:1, (0.5,1]:1, (2,4]:2}')
    expect(shown('schema:-53 count:3 sum:7 custom_values:[5 10] buckets:[1 0 2]')).to.equal(
      '{count:3, sum:7, [-Inf,5]:1, (10,+Inf]:2}',
    )
  })

  it('adds another of a finer schema by merging its buckets', () => {
    const sum = new FloatHistogram(parseHistogram('schema:0 count:1 sum:1 buckets:[1]'))
    sum.add(parseHistogram('schema:1 count:4 sum:4 offset:-1 buckets:[1 1 2]'))
    expect(formatHistogram(sum)).to.equal('{count:5, sum:5, (0.5,1]:3, (1,2]:2}')
  })

  it('widens the zero bucket to whole buckets when another has a wider one', () => {
    const sum = new FloatHistogram(
      parseHistogram('schema:0 count:4 sum:4 z_bucket:1 z_bucket_w:0.001 buckets:[2 1]'),
    )
    sum.add(parseHistogram('schema:0 count:3 sum:3 z_bucket:3 z_bucket_w:0.75'))
    expect(formatHistogram(sum)).to.equal('{count:7, sum:7, [-1,1]:6, (1,2]:1}')
  })

  it('reduces different custom bounds to those in common', () => {
    const sum = new FloatHistogram(
      parseHistogram('schema:-53 count:3 sum:3 custom_values:[1 2 4] buckets:[1 1 1]'),
    )
    const outcome = sum.add(
      parseHistogram('schema:-53 count:2 sum:5 custom_values:[2 4] buckets:[1 0 1]'),
    )
    expect(outcome.reconciled).to.equal(true)
    expect(formatHistogram(sum)).to.equal('{count:5, sum:8, [-Inf,2]:3, (2,4]:1, (4,+Inf]:1}')
  })

  it('does not add exponential and custom buckets', () => {
    const sum = new FloatHistogram(parseHistogram('schema:0 count:1 buckets:[1]'))
    expect(() => sum.add(parseHistogram('schema:-53 custom_values:[1] buckets:[1]'))).to.throw(
      IncompatibleBucketsError,
    )
  })

  it('leaves what it was made of as it was', () => {
    const original = parseHistogram('schema:0 count:3 sum:3 buckets:[1 2]')
    const before = formatHistogram(original)
    new FloatHistogram(original).multiply(2)
    new FloatHistogram(original).add(original)
    trimHistogram(original, 1, true)
    sumHistograms([original, original, original])
    expect(formatHistogram(original)).to.equal(before)
  })

  it('is equal to one with the same buckets, however they are laid out', () => {
    const a = parseHistogram('schema:0 count:1 sum:1 offset:2 buckets:[1]')
    const b = parseHistogram('schema:0 count:1 sum:1 buckets:[0 0 1 0]')
    expect(equalHistograms(a, b)).to.equal(true)
    expect(equalHistograms(a, parseHistogram('schema:0 count:1 sum:1 buckets:[1]'))).to.equal(false)
  })

  it('was reset when anything in it is less than before', () => {
    const before = parseHistogram('schema:0 count:4 sum:9 buckets:[2 2]')
    expect(isReset(parseHistogram('schema:0 count:5 sum:9 buckets:[3 2]'), before)).to.equal(false)
    expect(isReset(parseHistogram('schema:0 count:5 sum:9 buckets:[4 1]'), before)).to.equal(true)
    expect(isReset(parseHistogram('schema:1 count:5 sum:9 buckets:[3 2]'), before)).to.equal(true)
    expect(isReset(parseHistogram('schema:-1 count:5 sum:9 buckets:[2 3]'), before)).to.equal(false)
    expect(isReset(parseHistogram('count:5 counter_reset_hint:reset'), before)).to.equal(true)
  })

  it('averages without overflow', () => {
    const large = parseHistogram('schema:0 count:1.5e308 sum:1.5e308 buckets:[1.5e308]')
    expect(averageHistograms([large, large, large]).histogram.count).to.be.closeTo(1.5e308, 1e293)
  })

  it('keeps small counts beside large ones when it sums', () => {
    const [large, one, less] = ['1e100', '1', '-1e100'].map((count) =>
      parseHistogram(`schema:0 count:${count} sum:0 buckets:[${count}]`),
    )
    const { histogram } = sumHistograms([large!, one!, less!])
    expect([histogram.count, bucketsOf(histogram)[0]!.count]).to.deep.equal([1, 1])
  })

  it('is cut within a bucket where an operator trims it', () => {
    const histogram = parseHistogram('schema:-53 count:4 sum:20 custom_values:[0 10] buckets:[0 4]')
    expect(formatHistogram(trimHistogram(histogram, 5, true))).to.equal(
      '{count:2, sum:5, (0,10]:2}',
    )
    expect(formatHistogram(trimHistogram(histogram, 5, false))).to.equal(
      '{count:2, sum:15, (0,10]:2}',
    )
  })
})
