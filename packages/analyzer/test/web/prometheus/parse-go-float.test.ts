import { expect } from 'chai'
import { parseGoFloat } from '../../../src/web/prometheus/parse-go-float.ts'

/** What strconv.ParseFloat of Go 1.26 makes of a text; undefined where it fails. */
const READ: readonly (readonly [text: string, number: number | undefined])[] = [
  ['1_000', 1000],
  ['1__0', undefined],
  ['_1', undefined],
  ['1_', undefined],
  ['1_.5', undefined],
  ['1_0.5e1', 105],
  ['1e1_0', 1e10],
  ['0x1p3', 8],
  ['-0X1.8P1', -3],
  ['0x_1p0', 1],
  ['0x.8p1', 1],
  ['0x.p1', undefined],
  ['0xp1', undefined],
  ['0x10', undefined],
  ['0x1p-1074', 5e-324],
  ['0x1p1024', undefined],
  ['5.', 5],
  ['.5', 0.5],
  ['.', undefined],
  ['', undefined],
  [' 1', undefined],
  ['1e400', undefined],
  ['1e-400', 0],
  ['Inf', Infinity],
  ['-infinity', -Infinity],
  ['infin', undefined],
  ['0b1', undefined],
]

describe('numbers as Go reads them', () => {
  for (const [text, number] of READ) {
    it(`${JSON.stringify(text)} is ${number === undefined ? 'none' : number}`, () => {
      expect(parseGoFloat(text)).to.equal(number)
    })
  }

  it('NaN in any letters is one, without a sign', () => {
    expect(parseGoFloat('nAn')).to.be.NaN
    expect(parseGoFloat('-nan')).to.equal(undefined)
  })
})
