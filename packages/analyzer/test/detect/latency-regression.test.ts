import { expect } from 'chai'
import { api, LONG } from './scenario/api.ts'
import { findingOf, findingsOf } from './scenario/finding.ts'
import { world } from './scenario/world.ts'

describe('latency.regression', () => {
  const becoming = (seconds: number) =>
    world({
      services: [
        api(
          () => 5,
          (age) => (age < 2300 ? 0.06 : seconds),
        ),
      ],
      ...LONG,
    })

  it('names the route that became slower, with what was usual', () => {
    const found = findingOf(becoming(0.4), 'latency.regression')
    expect(found).to.include({ component: 'GET /', severity: 'critical' })
    expect(found.evidence[1]?.baseline).to.be.closeTo(0.06, 0.001)
  })

  it('is silent on a third more, and on a young service', () => {
    expect(findingsOf(becoming(0.08), 'latency.regression')).to.deep.equal([])
    const young = api(
      () => 5,
      (age) => (age < 30 ? 0.06 : 0.4),
    )
    const brief = world({ services: [young], seconds: 60 })
    expect(findingsOf(brief, 'latency.regression')).to.deep.equal([])
  })
})
