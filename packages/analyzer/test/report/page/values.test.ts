import { expect } from 'chai'
import { formatValue } from '../../../src/report/page/values.js'

const CASES: readonly (readonly [value: number, unit: string, text: string])[] = [
  [0, 's', '0 s'],
  [0.000_000_4, 's', '400 ns'],
  [0.0021, 's', '2.1 ms'],
  [0.4123, 's', '412 ms'],
  [2.414, 's', '2.41 s'],
  [59.9, 's', '59.9 s'],
  [900, 's', '15 min'],
  [7200, 's', '2 h'],
  [0.9712, '1', '97.1 %'],
  [0.0004, '1', '0.04 %'],
  [1.05, '1', '105 %'],
  [412e6, 'By', '393 MiB'],
  [1023, 'By', '1023 B'],
  [5e6, 'By/s', '4.77 MiB/s'],
  [41.23, '{request}/s', '41.2/s'],
  [32.4, '{call}', '32.4 calls'],
  [1_234_567, '', '1.23 M'],
  [-3, '{item}', '−3 items'],
  [1, '{query}', '1 query'],
  [2, '{query}', '2 queries'],
  [Number.NaN, 's', '–'],
  [Number.POSITIVE_INFINITY, 's', '∞'],
]

describe('formatValue', () => {
  for (const [value, unit, text] of CASES) {
    it(`writes ${value} ${unit} as ${text}`, () => {
      expect(formatValue(value, unit)).to.equal(text)
    })
  }
})
