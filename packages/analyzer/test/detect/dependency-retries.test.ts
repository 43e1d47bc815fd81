import { expect } from 'chai'
import { call, calling } from './scenario/calling.ts'
import { findingOf, findingsOf } from './scenario/finding.ts'

describe('dependency.retries', () => {
  it('is calls that fail and are made again', () => {
    const found = findingOf(
      calling([call('a:80', { perRequest: 3, failing: 0.5 })]),
      'dependency.retries',
    )
    expect(found).to.include({ component: 'a:80' })
    expect(found.evidence[0]?.value).to.be.closeTo(3, 0.01)
  })

  it('is silent on repeated calls that succeed, and on failures that are not repeated', () => {
    expect(
      findingsOf(calling([call('a:80', { perRequest: 3 })]), 'dependency.retries'),
    ).to.deep.equal([])
    expect(
      findingsOf(calling([call('a:80', { failing: 0.5 })]), 'dependency.retries'),
    ).to.deep.equal([])
  })
})
