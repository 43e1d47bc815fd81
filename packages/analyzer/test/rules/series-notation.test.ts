import { expect } from 'chai'
import { parseSeriesLabels } from '../../src/rules/series-notation.ts'

describe('labels of a series as text', () => {
  it('reads names, labels and every way to quote', () => {
    const text = 'up{a="x", b=\'it\\\'s\', c=`\\n`, "d é"="1"}'
    const expected = { __name__: 'up', a: 'x', b: "it's", c: '\\n', 'd é': '1' }
    expect(parseSeriesLabels(text)).to.deep.equal(expected)
    expect(parseSeriesLabels('{"http.requests", a="1",}')).to.deep.equal({
      __name__: 'http.requests',
      a: '1',
    })
  })

  it('reads the escapes of PromQL', () => {
    const text = String.raw`up{a="\u00e9\x41\101\t\\", b=""}`
    expect(parseSeriesLabels(text)).to.deep.equal({ __name__: 'up', a: 'éAA\t\\' })
  })

  for (const text of ['', 'up{', 'up{a}', 'up{a="1" b="2"}', String.raw`up{a="\q"}`]) {
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseSeriesLabels(text)).to.throw(SyntaxError, 'expected a series such as')
    })
  }
})
