import { expect } from 'chai'
import { impactOf } from '../../src/detect/impact.ts'

describe('the impact formula', () => {
  it('is 100 × weight × √(share × reach), shown with its numbers', () => {
    const impact = impactOf({
      severity: 'critical',
      share: { value: 0.68, of: 'the time of a request' },
      reach: { value: 0.74, of: 'the requests' },
      savingMs: 211.96,
    })
    expect(impact).to.deep.equal({
      score: 71,
      share: 0.5032,
      savingMs: 212,
      formula: '100 × 1 (critical) × √(68 % of the time of a request × 74 % of the requests) = 71',
    })
  })

  it('weighs by severity and stays between 0 and 100, whatever it is given', () => {
    const score = (severity: 'info' | 'warning' | 'critical', share: number) =>
      impactOf({ severity, share: { value: share, of: '' }, reach: { value: 1, of: '' } }).score
    expect([score('info', 1), score('warning', 1), score('critical', 1)]).to.deep.equal([
      40, 70, 100,
    ])
    expect([
      score('critical', 7),
      score('critical', -1),
      score('critical', Number.NaN),
    ]).to.deep.equal([100, 0, 0])
  })
})
