import { expect } from 'chai'
import { explain } from '../../src/findings/explain.ts'
import { EXPLANATION_RULES } from '../../src/findings/explanation-rules.ts'
import { sameService } from '../../src/findings/relations.ts'
import type { BottleneckCandidate } from '../../src/model/bottleneck.ts'
import { candidate } from './candidates.ts'

/** Who explains whom, as `symptom < cause`, by type and service. */
function links(candidates: readonly BottleneckCandidate[], rules = EXPLANATION_RULES): string[] {
  const seen = candidates.map((one) => ({
    id: `${one.type} ${one.resource['service.name'] ?? one.resource['host.name']}`,
    candidate: one,
  }))
  return [...explain(seen, rules)].flatMap(([symptom, causes]) =>
    causes.map((cause) => `${symptom} < ${cause}`),
  )
}

const slowPayment = candidate('dependency.slow', 'shop', {
  savingMs: 250,
  resource: { 'peer.service': 'payment', 'server.address': '127.0.0.1', 'server.port': '7001' },
})

describe('explanations', () => {
  it('explain a late route by a slow dependency of the same service, not of another', () => {
    expect(links([slowPayment, candidate('latency.regression', 'shop')])).to.deep.equal([
      'latency.regression shop < dependency.slow shop',
    ])
    expect(links([slowPayment, candidate('latency.regression', 'search')])).to.deep.equal([])
  })

  it('explain slow calls by stalls of the caller only when the stalls cost as much', () => {
    const blocked = (savingMs: number) => candidate('eventloop.blocked', 'shop', { savingMs })
    expect(links([slowPayment, blocked(16)])).to.deep.equal([])
    expect(links([slowPayment, blocked(150)])).to.deep.equal([
      'dependency.slow shop < eventloop.blocked shop',
    ])
  })

  it('compare with what a call takes, not with its share of all requests', () => {
    const mean = { what: 'mean time of a call', query: 'm', value: 0.29, unit: 's' }
    const rarelyCalled = candidate('dependency.slow', 'shop', { savingMs: 50, evidence: [mean] })
    const blocked = candidate('eventloop.blocked', 'shop', { savingMs: 27 })
    expect(links([rarelyCalled, blocked])).to.deep.equal([])
  })

  it('look for the cause in the callee', () => {
    const blocked = candidate('eventloop.blocked', 'payment', { savingMs: 200 })
    expect(links([slowPayment, blocked])).to.deep.equal([
      'dependency.slow shop < eventloop.blocked payment',
    ])
    const late = candidate('latency.regression', 'payment')
    expect(links([slowPayment, late])).to.deep.equal([
      'latency.regression payment < dependency.slow shop',
    ])
  })

  it('explain slow queries by an N+1 on the same database, from whichever service', () => {
    const loop = candidate('db.n_plus_one', 'catalog', {
      resource: { 'db.system.name': 'postgresql', 'server.address': 'db', 'server.port': '5432' },
    })
    const query = (service: string, port: string) =>
      candidate('dependency.slow', service, {
        resource: { 'db.system.name': 'postgresql', 'server.address': 'db', 'server.port': port },
      })
    expect(links([loop, query('catalog', '5432'), query('shop', '5432')])).to.deep.equal([
      'dependency.slow catalog < db.n_plus_one catalog',
      'dependency.slow shop < db.n_plus_one catalog',
    ])
    expect(links([loop, query('shop', '5433')])).to.deep.equal([])
  })

  it('follow failures from the caller to the callee', () => {
    const caller = candidate('errors.spike', 'shop', { resource: { 'peer.service': 'payment' } })
    expect(links([caller, candidate('errors.spike', 'payment')])).to.deep.equal([
      'errors.spike shop < errors.spike payment',
    ])
  })

  it('explain what runs on a machine by the machine', () => {
    const host = { 'host.name': 'box-1' }
    const machine = { ...candidate('host.cpu_saturated', ''), resource: host }
    const late = candidate('latency.regression', 'shop', { resource: host })
    expect(links([machine, late])).to.have.length(1)
    expect(links([machine, candidate('latency.regression', 'shop')])).to.deep.equal([])
  })

  it('follow chains, and leave two independent causes alone', () => {
    expect(
      links([
        candidate('memory.leak', 'shop'),
        candidate('gc.pressure', 'shop'),
        candidate('eventloop.blocked', 'payment'),
      ]),
    ).to.deep.equal(['gc.pressure shop < memory.leak shop'])
  })

  it('always leave one cause, even where rules point both ways', () => {
    const rules = [
      { cause: ['a'], symptom: ['b'], where: sameService },
      { cause: ['b'], symptom: ['c'], where: sameService },
      { cause: ['c'], symptom: ['a'], where: sameService },
    ]
    const found = links([candidate('a', 's'), candidate('b', 's'), candidate('c', 's')], rules)
    expect(found).to.deep.equal(['b s < a s', 'c s < b s'])
  })
})
