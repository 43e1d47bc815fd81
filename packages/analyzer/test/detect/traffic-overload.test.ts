import { expect } from 'chai'
import { api, LONG } from './scenario/api.ts'
import { findingOf, findingsOf } from './scenario/finding.ts'
import type { Instruments } from './scenario/instruments.ts'
import { world } from './scenario/world.ts'

describe('traffic.overload', () => {
  const rising = (factor: number, utilization: number) => {
    const service = api(
      (age) => (age < 2300 ? 4 : 4 * factor),
      () => 0.02,
    )
    const also = (at: Instruments, age: number, random: () => number) => {
      service.also?.(at, age, random)
      at.set('nodejs_eventloop_utilization_ratio', {}, age < 2300 ? 0.4 : utilization)
    }
    return world({ services: [{ ...service, also }], ...LONG })
  }

  it('is more requests than usual on instances that are all busy', () => {
    expect(findingOf(rising(3, 0.97), 'traffic.overload').summary).to.contain('3 times the usual')
  })

  it('is neither success nor a busy loop alone', () => {
    expect(findingsOf(rising(3, 0.6), 'traffic.overload')).to.deep.equal([])
    expect(findingsOf(rising(1, 0.97), 'traffic.overload')).to.deep.equal([])
  })
})
