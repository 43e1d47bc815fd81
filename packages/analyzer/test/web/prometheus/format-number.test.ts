import { expect } from 'chai'
import {
  formatAlertValue,
  formatSampleValue,
  formatScalarValue,
} from '../../../src/web/prometheus/format-number.ts'

// What Go prints for strconv.FormatFloat(v, 'f', -1, 64) and (v, 'e', -1, 64).
const CASES: readonly (readonly [number, string, string])[] = [
  [0, '0', '0e+00'],
  [-0, '-0', '-0e+00'],
  [1, '1', '1e+00'],
  [-2.5, '-2.5', '-2.5e+00'],
  [0.1, '0.1', '1e-01'],
  [1e-7, '0.0000001', '1e-07'],
  [1.25e-10, '0.000000000125', '1.25e-10'],
  [1e21, '1000000000000000000000', '1e+21'],
  [-1.5e22, '-15000000000000000000000', '-1.5e+22'],
  [123456789.25, '123456789.25', '1.2345678925e+08'],
  [1.7976931348623157e308, `17976931348623157${'0'.repeat(292)}`, '1.7976931348623157e+308'],
  [Number.NaN, 'NaN', 'NaN'],
  [Number.POSITIVE_INFINITY, '+Inf', '+Inf'],
  [Number.NEGATIVE_INFINITY, '-Inf', '-Inf'],
]

const EXPONENT = /^-?0\.000000|\d{22}/

describe('numbers in the Prometheus API', () => {
  it('are written as Go writes them', () => {
    for (const [value, scalar, alert] of CASES) {
      expect(formatScalarValue(value)).to.equal(scalar)
      expect(formatAlertValue(value)).to.equal(alert)
      expect(formatSampleValue(value)).to.equal(EXPONENT.test(scalar) ? alert : scalar)
    }
  })
})
