import { expect } from 'chai'
import { call, calling } from './scenario/calling.ts'
import { findingOf, findingsOf } from './scenario/finding.ts'

describe('calls.sequential', () => {
  it('is a route that waits for the sum of its calls', () => {
    const found = findingOf(calling([call('a:80'), call('b:80'), call('c:80')]), 'calls.sequential')
    expect(found).to.include({ component: '/', confidence: 0.6 })
    expect(found.impact.savingMs).to.be.closeTo(160, 30)
  })

  it('is silent on two calls, and on short ones', () => {
    expect(findingsOf(calling([call('a:80'), call('b:80')]), 'calls.sequential')).to.deep.equal([])
    const short = ['a:80', 'b:80', 'c:80'].map((target) => call(target, { seconds: 0.01 }))
    expect(findingsOf(calling(short), 'calls.sequential')).to.deep.equal([])
  })
})
