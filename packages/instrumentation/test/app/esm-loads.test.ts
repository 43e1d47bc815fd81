import { expect } from 'chai'
import { supported } from '../../src/app/esm-loads.ts'

describe('hooks of ES modules', () => {
  for (const [version, expected] of [
    ['22.15.0', false],
    ['22.22.2', false],
    ['22.22.3', true],
    ['23.11.0', false],
    ['24.11.0', false],
    ['24.11.1', true],
    ['24.21.0', true],
    ['25.0.0', false],
    ['25.1.0', true],
    ['26.0.0', true],
  ] as const) {
    it(`are ${expected ? '' : 'not '}used by Node ${version}`, () => {
      expect(supported(version)).to.equal(expected)
    })
  }
})
