import { expect } from 'chai'
import { figure } from '../../src/diagnosis/figures.ts'

// biome-ignore format: a table is read by its columns
const CASES: readonly (readonly [value: number, unit: string, text: string])[] = [
  [0.4021, 's', '402 ms'],
  [1.5, 's', '1.5 s'],
  [0.0000123, 's', '12.3 µs'],
  [0, 's', '0 s'],
  [0.3141, '1', '31.4 %'],
  [1_536_000, 'By', '1.54 MB'],
  [12, '{call}', '12 call'],
  [1234.5, '{call}/s', '1,235 call/s'],
  [Number.NaN, 's', 'NaN'],
]

describe('figure', () => {
  for (const [value, unit, text] of CASES) {
    it(`says ${value} ${unit} as ${text}`, () => {
      expect(figure(value, unit)).to.equal(text)
    })
  }
})
