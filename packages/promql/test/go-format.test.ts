import { expect } from 'chai'
import { formatF, formatG, formatG2, quote } from '../src/go-format.ts'

describe('numbers as Go prints them', () => {
  it('have an exponent with %g below 1e-4 and from 1e6 on', () => {
    const shown = [0.0001, 0.00001, 123456, 1234567, 1e21, -0, 1 / 3].map(formatG)
    expect(shown).to.deep.equal([
      ...['0.0001', '1e-05', '123456', '1.234567e+06', '1e+21', '-0', '0.3333333333333333'],
    ])
  })

  it('have two digits with %.2g', () => {
    expect([1234, 0.5, 99.6, 0.00001234].map(formatG2)).to.deep.equal([
      '1.2e+03',
      '0.5',
      '1e+02',
      '1.2e-05',
    ])
  })

  it('never have an exponent with %f', () => {
    expect([1e-7, 1e22, 1.5, Infinity, Number.NaN].map(formatF)).to.deep.equal([
      ...['0.0000001', '10000000000000000000000', '1.5', '+Inf', 'NaN'],
    ])
  })

  it('quote texts so that PromQL reads them back', () => {
    expect(quote('a"b\\c\n\u0001é')).to.equal('"a\\"b\\\\c\\n\\x01é"')
  })
})
