import { expect } from 'chai'
import { createRecommendationLedger } from '../../src/advise/recommendation-ledger.ts'
import { detect } from '../../src/detect/detect.ts'
import { createFindingLedger } from '../../src/findings/finding-ledger.ts'
import type { ChokepointEvent } from '../../src/model/event.ts'
import type { Instruments } from '../detect/scenario/instruments.ts'
import { shop, world } from '../detect/scenario/world.ts'

const BEGINS = 60
const ENDS = 200
const RETURNS = 700
const limits = { findingsMax: 10, resolvedFindingsMax: 10 }

describe('a bottleneck from its first sight to its proven end', () => {
  it('is found, resolved by its own metric, and reopened when it comes back', () => {
    const also = (instruments: Instruments, age: number) => {
      const blocks = (age >= BEGINS && age < ENDS) || age >= RETURNS
      if (!blocks || age % 4 !== 0) return
      const frame = { code_function_name: 'priceReport' }
      instruments.observe('nodejs_eventloop_blocked_duration_seconds', frame, 0.5)
    }
    const seconds = 800
    const { query, queryRange, nowMs } = world({
      services: shop({ storefront: { also } }),
      seconds,
      exportSeconds: 5,
    })
    const startMs = nowMs - seconds * 1000
    const events: { second: number; event: ChokepointEvent }[] = []
    let second = 0
    const emit = (event: ChokepointEvent) => events.push({ second, event })
    const findings = createFindingLedger({ emit, tenant: 'a', limits })
    const advice = createRecommendationLedger({ query, emit, tenant: 'a', limits })
    for (second = 15; second <= seconds; second += 5) {
      const atMs = startMs + second * 1000
      const windowMs = Math.min(60_000, second * 1000)
      const { candidates } = detect({ query, queryRange, nowMs: atMs, windowMs })
      findings.update(candidates, [], atMs)
      advice.update(findings.bottlenecks(), atMs)
    }
    expect(events.map(({ event }) => event.type)).to.deep.equal([
      'bottleneck.detected',
      'recommendation.opened',
      ...events.slice(2, -4).map(() => 'recommendation.updated' as const),
      'bottleneck.resolved',
      'recommendation.resolved',
      'bottleneck.detected',
      'recommendation.reopened',
    ])
    const at = (type: string) => events.filter(({ event }) => event.type === type)
    expect(at('bottleneck.detected')[0]?.second).to.be.within(BEGINS + 10, BEGINS + 40)
    const [closed] = at('recommendation.resolved')
    expect(closed?.second).to.be.within(ENDS + 30, ENDS + 150)
    if (closed?.event.type !== 'recommendation.resolved') throw new Error('it was not resolved')
    expect(closed.event.data.effect?.before).to.be.closeTo(0.125, 0.03)
    expect(closed.event.data.effect?.after).to.be.below(0.03)
    expect(advice.list()[0]).to.include({ status: 'open', reopened: 1 })
  })
})
