import { expect } from 'chai'
import { calling } from './scenario/calling.ts'
import { failingShop } from './scenario/failing-shop.ts'
import { findingOf, findingsOf } from './scenario/finding.ts'

describe('dependency.errors', () => {
  it('names the peer whose calls fail', () => {
    const found = findingOf(failingShop(0.33), 'dependency.errors')
    expect(found.component).to.equal('127.0.0.1:7001')
    expect(found.resource['peer.service']).to.equal('catalog')
  })

  it('names the server whose remote procedures fail by its own fault', () => {
    const target = 'stock:50051 shop.Stock/Get'
    const failing = (failsWith: string) =>
      calling([{ kind: 'rpc', target, seconds: 0.01, failing: 0.4, failsWith }])
    for (const fault of ['UNAVAILABLE', 'ThrottlingException', 'ECONNREFUSED']) {
      const found = findingOf(failing(fault), 'dependency.errors')
      expect(found.component).to.equal('grpc stock:50051')
    }
    for (const mistake of ['NOT_FOUND', 'INVALID_ARGUMENT', 'NoSuchKey']) {
      expect(findingsOf(failing(mistake), 'dependency.errors'), mistake).to.deep.equal([])
    }
  })

  it('is silent under 5 %', () => {
    expect(findingsOf(failingShop(0.04), 'dependency.errors')).to.deep.equal([])
  })
})
