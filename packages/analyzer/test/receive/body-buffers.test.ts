import { expect } from 'chai'
import { BodyBuffers } from '../../src/receive/body-buffers.ts'

const MIB = 1024 * 1024

describe('buffers of bodies', () => {
  it('are used again, for bodies of a like size, however large', () => {
    const buffers = new BodyBuffers()
    for (const bytes of [300_000, 15 * MIB]) {
      const first = buffers.take(bytes)
      expect(first.length).to.be.at.least(bytes)
      buffers.give(first)
      expect(buffers.take(bytes - 1000)).to.equal(first)
    }
    const large = buffers.take(15 * MIB)
    buffers.give(large)
    expect(buffers.take(1000)).not.to.equal(large)
  })

  it('are kept up to a number and a sum', () => {
    const buffers = new BodyBuffers()
    const keptAfter = (count: number, bytes: number) => {
      const taken = Array.from({ length: count }, () => buffers.take(bytes))
      for (const buffer of taken) buffers.give(buffer)
      return buffers.keptBytes
    }
    expect(keptAfter(3, 15 * MIB)).to.equal(30 * MIB)
    expect(keptAfter(9, MIB)).to.equal(4 * MIB)
    expect(keptAfter(1, 64 * MIB)).to.equal(0)
  })
})
