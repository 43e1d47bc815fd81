import { expect } from 'chai'
import { BodyBuffers } from '../../src/receive/body-buffers.ts'
import { GatheredBody } from '../../src/receive/gathered-body.ts'

describe('a gathered body', () => {
  it('holds its pieces behind each other, longer than was expected or not', () => {
    const pieces = Array.from({ length: 50 }, (_, i) => Buffer.alloc(7000 + i, i))
    for (const expected of [0, 1000, 400_000]) {
      const body = new GatheredBody(new BodyBuffers(), expected)
      for (const piece of pieces) body.append(piece)
      expect(body.length).to.equal(pieces.reduce((sum, { length }) => sum + length, 0))
      expect(Buffer.compare(body.bytes, Buffer.concat(pieces))).to.equal(0)
    }
  })

  it('leaves its buffer to the next one', () => {
    const buffers = new BodyBuffers()
    const first = new GatheredBody(buffers, 200_000)
    first.append(Buffer.from('first'))
    const { buffer } = first.bytes
    first.giveBack()
    const second = new GatheredBody(buffers, 200_000)
    second.append(Buffer.from('2nd'))
    expect(second.bytes.buffer).to.equal(buffer)
    expect(Buffer.from(second.bytes).toString()).to.equal('2nd')
  })
})
