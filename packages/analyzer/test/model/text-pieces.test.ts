import { expect } from 'chai'
import { jsonTexts, piecesOf } from '../../src/model/text-pieces.ts'

describe('texts in pieces', () => {
  it('are what JSON.stringify writes, however deep', () => {
    const value = {
      empty: {},
      none: [],
      text: '"\n\u2028',
      gone: undefined,
      list: [1, null, undefined, 'a', [{ b: [true, { c: [[{ d: [[Number.NaN]] }]] }] }]],
    }
    for (const depth of [0, 1, 2, 6, 20]) {
      expect([...jsonTexts(value, depth)].join('')).to.equal(JSON.stringify(value))
    }
    expect([...jsonTexts(value)].length).to.be.above(20)
  })

  it('are joined until a piece is worth a turn', () => {
    const text = 'x'.repeat(1000)
    const pieces = [...piecesOf(Array.from({ length: 200 }, () => text))]
    expect(pieces.join('')).to.equal(text.repeat(200))
    expect(pieces).to.have.length(4)
    expect([...piecesOf([])]).to.deep.equal([])
  })
})
