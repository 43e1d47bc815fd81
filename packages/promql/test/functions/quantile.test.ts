import { expect } from 'chai'
import { quantileOf } from '../../src/functions/quantile.ts'

const of = (quantile: number, values: number[]) => quantileOf(quantile, Float64Array.from(values))

describe('a quantile', () => {
  it('lies between the nearest ranks', () => {
    expect(of(0.5, [3, 1, 2])).to.equal(2)
    expect(of(0.25, [1, 2])).to.equal(1.25)
    expect([of(0, [1, 2]), of(1, [1, 2])]).to.deep.equal([1, 2])
  })

  it('ranks NaN below everything', () => {
    expect(of(1, [Number.NaN, 1])).to.equal(1)
    expect(of(0, [1, Number.NaN])).to.be.NaN
  })

  it('is infinite outside [0, 1]', () => {
    expect([of(-1, [1]), of(2, [1])]).to.deep.equal([-Infinity, Infinity])
    expect(of(Number.NaN, [1])).to.be.NaN
    expect(of(0.5, [])).to.be.NaN
  })
})
