import { expect } from 'chai'
import { failingShop } from './scenario/failing-shop.ts'
import { findingOf, findingsOf } from './scenario/finding.ts'

describe('dependency.errors', () => {
  it('names the peer whose calls fail', () => {
    const found = findingOf(failingShop(0.33), 'dependency.errors')
    expect(found.component).to.equal('127.0.0.1:7001')
    expect(found.resource['peer.service']).to.equal('catalog')
  })

  it('is silent under 5 %', () => {
    expect(findingsOf(failingShop(0.04), 'dependency.errors')).to.deep.equal([])
  })
})
