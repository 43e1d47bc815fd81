import { expect } from 'chai'
import { createRecommendationLedger } from '../../src/advise/recommendation-ledger.ts'
import type { Bottleneck } from '../../src/model/bottleneck.ts'
import type { ChokepointEvent } from '../../src/model/event.ts'
import { bottleneck } from './bottlenecks.ts'

const START_MS = Date.parse('2026-01-01T00:00:00Z')

/** A ledger whose world is the answer to each query, and what it told, as `event status`. */
function ledgerWith(limits = { findingsMax: 10, resolvedFindingsMax: 10 }) {
  const answers: Record<string, number> = { p95_of_payment: 0.48 }
  const events: ChokepointEvent[] = []
  const ledger = createRecommendationLedger({
    query: (expression) => {
      const value = answers[expression]
      return value === undefined ? [] : [{ labels: {}, value }]
    },
    emit: (event) => events.push(event),
    tenant: 'a',
    limits,
  })
  const at = (second: number, bottlenecks: readonly Bottleneck[]) =>
    ledger.update(bottlenecks, START_MS + second * 1000)
  const told = () =>
    events.map(({ type, data }) => `${type} ${'status' in data ? data.status : ''}`)
  return { ledger, answers, at, told }
}

const gone = bottleneck({ status: 'resolved' })

describe('the recommendation ledger', () => {
  it('opens one for a cause, with its text, impact and evidence, and none for a symptom', () => {
    const { ledger, at, told } = ledgerWith()
    at(0, [bottleneck(), bottleneck({ id: 'b2', cause: false, recommendations: [] })])
    const [opened, ...others] = ledger.list()
    expect(others).to.deep.equal([])
    expect(opened).to.include({
      id: 'r1',
      bottleneck: 'b1',
      status: 'open',
      title: 'Make shop wait less for payment:7001',
      openedAt: '2026-01-01T00:00:00.000Z',
      reopened: 0,
      confidence: 0.9,
    })
    expect(opened?.text).to.contain('p95 of the calls under 300 ms (now 480 ms)')
    expect(told()).to.deep.equal(['recommendation.opened open'])
  })

  it('resolves it when its own metric is under the threshold, with before and after', () => {
    const { ledger, answers, at, told } = ledgerWith()
    at(0, [bottleneck()])
    at(10, [bottleneck({ evidence: [{ ...bottleneck().evidence[0]!, value: 0.6 }] })])
    at(60, [gone])
    expect(ledger.list()[0]?.status, 'still 480 ms').to.equal('open')
    answers.p95_of_payment = 0.02
    at(70, [gone])
    expect(ledger.list()[0]).to.deep.include({
      status: 'resolved',
      resolvedAt: '2026-01-01T00:01:10.000Z',
      effect: { query: 'p95_of_payment', unit: 's', before: 0.6, after: 0.02 },
    })
    expect(told()).to.deep.equal(['recommendation.opened open', 'recommendation.resolved resolved'])
  })

  it('does not take silence for success: a service that stopped has not been improved', () => {
    const { ledger, answers, at } = ledgerWith()
    at(0, [bottleneck()])
    delete answers.p95_of_payment
    at(60, [])
    expect(ledger.list()[0]?.status).to.equal('open')
  })

  it('reopens it when the bottleneck comes back, and counts that', () => {
    const { ledger, answers, at, told } = ledgerWith()
    at(0, [bottleneck()])
    answers.p95_of_payment = 0.02
    at(60, [gone])
    at(120, [bottleneck()])
    expect(ledger.list()[0]).to.include({ status: 'open', reopened: 1 })
    expect(ledger.list()[0]).not.to.have.any.keys('effect', 'resolvedAt')
    expect(told().at(-1)).to.equal('recommendation.reopened open')
  })

  it('tells an update when severity or impact clearly changes, and not each tick', () => {
    const { at, told } = ledgerWith()
    at(0, [bottleneck()])
    const scored = (score: number) => bottleneck({ impact: { ...bottleneck().impact, score } })
    at(10, [scored(65)])
    at(20, [scored(71)])
    at(30, [scored(75)])
    at(40, [bottleneck({ ...scored(75), severity: 'critical' })])
    expect(told().slice(1)).to.deep.equal([
      'recommendation.updated open',
      'recommendation.updated open',
    ])
  })

  it('stays silent about what was ignored until it is reopened by hand', () => {
    const { ledger, answers, at, told } = ledgerWith()
    at(0, [bottleneck()])
    expect(ledger.setStatus('r1', 'ignore', START_MS + 1000).status).to.equal('ignored')
    at(10, [bottleneck({ severity: 'critical' })])
    answers.p95_of_payment = 0.02
    at(60, [gone])
    at(120, [bottleneck()])
    expect(ledger.list()[0]?.status).to.equal('ignored')
    expect(told().slice(2)).to.deep.equal([])
    expect(ledger.setStatus('r1', 'reopen', START_MS + 130_000)).to.include({
      status: 'open',
      reopened: 0,
    })
    expect(told().at(-1)).to.equal('recommendation.reopened open')
  })

  it('resolves an acknowledged one, too', () => {
    const { ledger, answers, at } = ledgerWith()
    at(0, [bottleneck()])
    ledger.setStatus('r1', 'acknowledge', START_MS)
    at(10, [bottleneck()])
    expect(ledger.list()[0]?.status).to.equal('acknowledged')
    answers.p95_of_payment = 0.02
    at(60, [gone])
    expect(ledger.list()[0]?.status).to.equal('resolved')
  })

  it('refuses what makes no sense, and says why', () => {
    const { ledger, answers, at } = ledgerWith()
    expect(() => ledger.setStatus('r9', 'ignore', 0)).to.throw('there is no recommendation r9')
    at(0, [bottleneck()])
    answers.p95_of_payment = 0.02
    at(60, [gone])
    expect(() => ledger.setStatus('r1', 'acknowledge', 0)).to.throw(
      'cannot acknowledge the recommendation r1: it is resolved, and that needs one that is open or ignored or acknowledged',
    )
  })

  it('lists the highest impact first, keeps no more than its limit and counts the rest', () => {
    const { ledger, at } = ledgerWith({ findingsMax: 2, resolvedFindingsMax: 1 })
    at(
      0,
      [30, 50, 40].map((score) =>
        bottleneck({
          id: `b${score}`,
          recommendations: [`r${score}`],
          impact: { ...bottleneck().impact, score },
        }),
      ),
    )
    expect(ledger.list().map(({ id }) => id)).to.deep.equal(['r50', 'r30'])
    expect(ledger.dropped()).to.equal(1)
  })

  it('goes on after a restart where it was', () => {
    const before = ledgerWith()
    before.at(0, [bottleneck()])
    before.ledger.setStatus('r1', 'acknowledge', START_MS)
    const after = ledgerWith()
    after.ledger.restore(JSON.parse(JSON.stringify(before.ledger.state())))
    expect(after.ledger.list()).to.deep.equal(before.ledger.list())
    after.answers.p95_of_payment = 0.02
    after.at(60, [])
    expect(after.ledger.list()[0]?.status).to.equal('resolved')
  })
})
