import { expect } from 'chai'
import { RawTable } from '../../src/store/hash-table.ts'
import { seeded } from '../rules/seeded.ts'

describe('the table of streams by hash', () => {
  const random = seeded(7)
  const word = () => Math.floor(random() * 2 ** 32) | 0
  const hashes = Array.from({ length: 20_000 }, () => [word(), word()] as const)

  it('finds each of many, and none that was not set, while it grows', () => {
    const table = new RawTable()
    const emptyBytes = table.bytes
    for (const [id, [low, high]] of hashes.entries()) {
      expect(table.get(low, high)).to.equal(-1)
      table.set(low, high, id)
      expect(table.get(low, high)).to.equal(id)
    }
    expect(table.size).to.equal(hashes.length)
    // At least a third of the slots is used, and at most two thirds.
    expect(table.bytes - emptyBytes).to.be.within(20_000 * 12, 20_000 * 12 * 3.5)
    for (const [id, [low, high]] of hashes.entries()) expect(table.get(low, high)).to.equal(id)
  })

  it('leaves out what is not kept', () => {
    const table = new RawTable()
    for (const [id, [low, high]] of hashes.entries()) table.set(low, high, id)
    table.prune((id) => id % 3 === 0)
    expect(table.size).to.equal(Math.ceil(hashes.length / 3))
    for (const [id, [low, high]] of hashes.entries()) {
      expect(table.get(low, high)).to.equal(id % 3 === 0 ? id : -1)
    }
  })
})
