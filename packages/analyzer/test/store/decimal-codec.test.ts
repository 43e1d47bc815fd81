import { expect } from 'chai'
import { DECIMAL_CODES, readDecimal, writeDecimal } from '../../src/store/decimal-codec.ts'
import { Random } from '../decode/random.ts'

const BASE = 0x88
const bytes = new Uint8Array(16)

/** How many bytes a number takes behind another; 0 when it is not written as a decimal. */
function bytesOf(before: number, value: number): number {
  return writeDecimal(bytes, 0, BASE, before, value)
}

describe('a decimal fraction', () => {
  it('takes one byte and those of its change in the last place', () => {
    expect(bytesOf(1234.56, 1234.97)).to.equal(2)
    expect(bytesOf(1234.56, 1238)).to.equal(3)
    expect(bytesOf(0, 0.000001)).to.equal(2)
    expect(bytesOf(0.5, 214748364.7)).to.equal(5)
  })

  it('is none when it has more than six places, is huge, or is no number', () => {
    expect(bytesOf(1.5, 0.1234567)).to.equal(0)
    expect(bytesOf(0.1234567, 1.5)).to.equal(0)
    expect(bytesOf(1.5, 1e10 + 0.5)).to.equal(0)
    expect(bytesOf(1.5, 1e300)).to.equal(0)
    for (const value of [Number.NaN, Infinity, -Infinity, -0]) {
      expect(bytesOf(1.5, value), String(value)).to.equal(0)
    }
  })

  it('is none when its change takes more than four bytes', () => {
    expect(bytesOf(-107374182.3, 107374182.4)).to.equal(5)
    expect(bytesOf(-107374182.4, 107374182.4)).to.equal(0)
    expect(bytesOf(107374182.4, -107374182.4)).to.equal(0)
  })

  it('is read again bit by bit, whatever stood before it', () => {
    const random = new Random(3)
    let written = 0
    for (let i = 0; i < 100_000; i++) {
      const scale = 10 ** random.below(8)
      const size = 10 ** random.below(12)
      const any = () => Math.round((random.next() - 0.5) * size * scale) / scale
      const before = any()
      const value = random.chance(0.5) ? any() : before + random.below(1000) / scale
      const end = bytesOf(before, value)
      if (end === 0) continue
      written++
      const cursor = { at: 1 }
      expect(bytes[0]).to.be.within(BASE, BASE + DECIMAL_CODES - 1)
      if (!Object.is(readDecimal(bytes, cursor, bytes[0]! - BASE, before), value)) {
        expect.fail(`${value} behind ${before} is read as another`)
      }
      expect(cursor.at).to.equal(end)
    }
    expect(written).to.be.greaterThan(40_000)
  })
})
