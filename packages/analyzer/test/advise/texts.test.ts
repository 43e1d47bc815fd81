import { expect } from 'chai'
import { readTexts, TEXT_BY_DEFAULT } from '../../src/advise/texts.ts'
import { CATALOG } from '../../src/detect/catalog.ts'

describe('the texts of this package', () => {
  it('are there for every type of the catalogue, and for nothing else', () => {
    const types = [...CATALOG.map(({ type }) => type), TEXT_BY_DEFAULT]
    expect([...readTexts().keys()].sort()).to.deep.equal(types.sort())
  })
})
