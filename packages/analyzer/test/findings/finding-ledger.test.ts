import { expect } from 'chai'
import { createFindingLedger } from '../../src/findings/finding-ledger.ts'
import type { Alert } from '../../src/model/alert.ts'
import type { BottleneckCandidate } from '../../src/model/bottleneck.ts'
import type { ChokepointEvent } from '../../src/model/event.ts'
import { candidate } from './candidates.ts'

const START_MS = Date.parse('2026-01-01T00:00:00Z')
const slow = candidate('dependency.slow', 'shop', { score: 60, savingMs: 200 })
const late = candidate('latency.regression', 'shop', { score: 70, component: 'GET /pay' })

function ledgerWith(limits = { findingsMax: 10, resolvedFindingsMax: 10 }) {
  const events: ChokepointEvent[] = []
  const catalog = [slow, late, candidate('eventloop.blocked', '')].map(({ type }) => ({
    type,
    title: type,
    thresholds: {},
    confirmMs: type === 'dependency.slow' ? 10_000 : 5_000,
    resolveMs: 60_000,
    detect: () => [],
  }))
  const ledger = createFindingLedger({
    emit: (event) => events.push(event),
    tenant: 'a',
    limits,
    catalog,
  })
  const at = (second: number, candidates: readonly BottleneckCandidate[], alerts: Alert[] = []) =>
    ledger.update(candidates, alerts, START_MS + second * 1000)
  const told = () => events.map(({ type, data }) => `${type} ${'type' in data ? data.type : ''}`)
  return { ledger, at, told }
}

describe('the finding ledger', () => {
  it('opens a bottleneck once it was seen for its confirm time, and keeps when it began', () => {
    const { ledger, at, told } = ledgerWith()
    at(0, [slow])
    at(9, [slow])
    expect(ledger.bottlenecks()).to.deep.equal([])
    at(10, [slow])
    const [found] = ledger.bottlenecks()
    expect(found).to.include({
      status: 'active',
      cause: true,
      since: '2026-01-01T00:00:00.000Z',
      lastSeen: '2026-01-01T00:00:10.000Z',
    })
    expect(found?.recommendations).to.have.length(1)
    expect(told()).to.deep.equal(['bottleneck.detected dependency.slow'])
  })

  it('forgets what is seen only now and then', () => {
    const { ledger, at } = ledgerWith()
    for (let second = 0; second < 60; second += 6) at(second, second % 12 === 0 ? [slow] : [])
    expect(ledger.bottlenecks()).to.deep.equal([])
  })

  it('resolves it after it was gone for its resolve time, and says so once', () => {
    const { ledger, at, told } = ledgerWith()
    at(0, [slow])
    at(10, [slow])
    at(69, [])
    expect(ledger.bottlenecks()[0]?.status).to.equal('active')
    at(70, [])
    at(80, [])
    expect(ledger.bottlenecks()[0]).to.include({
      status: 'resolved',
      resolvedAt: '2026-01-01T00:01:10.000Z',
    })
    expect(told()).to.deep.equal([
      'bottleneck.detected dependency.slow',
      'bottleneck.resolved dependency.slow',
    ])
  })

  it('shows a resolved one as resolved until it is confirmed again, under the same id', () => {
    const { ledger, at, told } = ledgerWith()
    at(0, [slow])
    at(10, [slow])
    at(70, [])
    const { id } = ledger.bottlenecks()[0]!
    at(100, [slow])
    expect(ledger.bottlenecks().map(({ status }) => status)).to.deep.equal(['resolved'])
    at(110, [slow])
    expect(ledger.bottlenecks()).to.have.length(1)
    expect(ledger.bottlenecks()[0]).to.include({ id, status: 'active' })
    expect(told().filter((line) => line.startsWith('bottleneck.detected'))).to.have.length(2)
  })

  it('keeps the id when the process restarts as another instance', () => {
    const { ledger, at } = ledgerWith()
    const on = (instance: string) =>
      candidate('dependency.slow', 'shop', { resource: { 'service.instance.id': instance } })
    at(0, [on('one')])
    at(10, [on('two'), on('three')])
    expect(ledger.bottlenecks()).to.have.length(1)
  })

  it('tells a symptom only with its cause, and waits for a cause that is not confirmed yet', () => {
    const { ledger, at, told } = ledgerWith()
    at(0, [slow, late])
    at(5, [slow, late])
    expect(ledger.bottlenecks(), 'the symptom alone').to.deep.equal([])
    at(10, [slow, late])
    const [cause, symptom] = ledger.bottlenecks()
    expect(cause).to.include({ type: 'dependency.slow', cause: true })
    expect(symptom).to.include({ type: 'latency.regression', cause: false })
    expect(cause?.symptoms).to.deep.equal([symptom?.id])
    expect(symptom?.causes).to.deep.equal([cause?.id])
    expect(symptom?.recommendations).to.deep.equal([])
    expect(told()).to.deep.equal(['bottleneck.detected dependency.slow'])
  })

  it('gives a cause at least the impact of its symptoms, and says so in the formula', () => {
    const { ledger, at } = ledgerWith()
    at(0, [slow, late])
    at(10, [slow, late])
    expect(ledger.bottlenecks()[0]?.impact).to.include({
      score: 70,
      formula: '= 60, raised to that of its symptom latency.regression of GET /pay: = 70',
    })
  })

  it('tells a symptom that outlives its cause', () => {
    const { at, told } = ledgerWith()
    at(0, [slow, late])
    at(10, [slow, late])
    at(70, [late])
    expect(told()).to.have.members([
      'bottleneck.detected dependency.slow',
      'bottleneck.detected latency.regression',
      'bottleneck.resolved dependency.slow',
    ])
  })

  it('counts a firing alert about the same thing as a symptom', () => {
    const { ledger, at } = ledgerWith()
    const alert = {
      id: 'slow-routes',
      name: 'SlowRoutes',
      severity: 'warning',
      state: 'firing',
      labels: { job: 'shop' },
      annotations: {},
      query:
        'histogram_quantile(0.95, rate(http_server_request_duration_seconds_bucket[1m])) > 0.5',
      value: 1,
      activeSince: '2026-01-01T00:00:00Z',
    } as const
    const elsewhere = { ...alert, id: 'other', labels: { job: 'other' } }
    const memory = { ...alert, id: 'memory', query: 'process_memory_usage_bytes > 1' }
    at(0, [slow])
    at(10, [slow], [alert, elsewhere, memory])
    expect(ledger.bottlenecks()[0]?.symptoms).to.deep.equal(['slow-routes'])
  })

  it('keeps no more than its limits, the highest impact first, and counts the rest', () => {
    const { ledger, at } = ledgerWith({ findingsMax: 2, resolvedFindingsMax: 1 })
    const many = [10, 30, 20].map((score) =>
      candidate('dependency.slow', 'shop', { score, component: `peer ${score}` }),
    )
    at(0, many)
    at(10, many)
    expect(ledger.bottlenecks().map(({ impact }) => impact.score)).to.deep.equal([30, 20])
    expect(ledger.dropped()).to.equal(2)
    at(80, [])
    expect(ledger.bottlenecks()).to.have.length(1)
    expect(ledger.dropped()).to.equal(3)
  })

  it('goes on after a restart where it was, however long nobody looked', () => {
    const before = ledgerWith()
    before.at(0, [slow])
    before.at(10, [slow])
    const after = ledgerWith()
    after.ledger.restore(JSON.parse(JSON.stringify(before.ledger.state())))
    expect(after.ledger.bottlenecks()).to.deep.equal(before.ledger.bottlenecks())
    after.at(1000, [])
    expect(after.ledger.bottlenecks()[0]?.status).to.equal('active')
    after.at(1060, [])
    expect(after.ledger.bottlenecks()[0]?.status).to.equal('resolved')
    expect(after.told()).to.deep.equal(['bottleneck.resolved dependency.slow'])
  })
})
