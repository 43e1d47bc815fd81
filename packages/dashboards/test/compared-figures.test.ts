import { expect } from 'chai'
import { comparedFigures } from '../src/compared-figures.ts'

describe('the figures that an alert compares', () => {
  it('are what stands left of each comparison', () => {
    expect(comparedFigures('(a / b > 0.1) and on (job) (sum(c) >= 5)')).to.deep.equal([
      'a / b',
      'sum(c)',
    ])
  })

  it('are the innermost of a chain of bounds', () => {
    expect(comparedFigures('rate(a[5m]) > 0.02 <= 0.1')).to.deep.equal(['rate(a[5m])'])
  })

  it('are none where nothing is compared', () => {
    expect(comparedFigures('a and b or c')).to.deep.equal([])
  })
})
