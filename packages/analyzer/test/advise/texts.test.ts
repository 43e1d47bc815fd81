import { expect } from 'chai'
import { renderText } from '../../src/advise/text-template.ts'
import { readTexts, TEXT_BY_DEFAULT } from '../../src/advise/texts.ts'
import { CATALOG } from '../../src/detect/catalog.ts'
import { bottleneck } from './bottlenecks.ts'

describe('the texts of this package', () => {
  it('are there for every type of the catalogue, and for nothing else', () => {
    const types = [...CATALOG.map(({ type }) => type), TEXT_BY_DEFAULT]
    expect([...readTexts().keys()].sort()).to.deep.equal(types.sort())
  })

  it('speak of statements only where a slow dependency takes them', () => {
    const text = (system: string) => {
      const resource = system === '' ? {} : { 'db.system.name': system }
      return renderText(readTexts().get('dependency.slow')!, bottleneck({ resource })).text
    }
    expect(text('postgresql')).to.contain('EXPLAIN').and.to.contain('statement_timeout')
    expect(text('redis')).not.to.match(/EXPLAIN|statement_timeout|fetch/)
    expect(text('')).to.contain('AbortSignal.timeout').and.not.to.contain('statement_timeout')
  })
})
