import { expect } from 'chai'
import { healthOf, takeSnapshot } from '../../src/report/snapshot.ts'
import { alert, bottleneck } from './sample-view.ts'

describe('the health of a snapshot', () => {
  it('is unknown until something reports', () => {
    expect(healthOf([bottleneck()], [alert()], 0)).to.equal('unknown')
  })

  it('is the worst severity of active bottlenecks and firing alerts', () => {
    expect(healthOf([], [], 5)).to.equal('healthy')
    expect(healthOf([bottleneck({ severity: 'warning' })], [], 5)).to.equal('warning')
    expect(healthOf([bottleneck({ severity: 'warning' })], [alert()], 5)).to.equal('critical')
  })

  it('does not count information, what is resolved and what is pending', () => {
    const findings = [bottleneck({ severity: 'info' }), bottleneck({ status: 'resolved' })]
    expect(healthOf(findings, [alert({ state: 'pending' })], 5)).to.equal('healthy')
  })
})

describe('takeSnapshot', () => {
  it('lists each service once, whatever the number of its instances', () => {
    const snapshot = takeSnapshot({
      query: (expression) =>
        expression.includes('process_memory')
          ? ['a', 'b'].map((instance) => ({ labels: { job: 'shop/cart', instance }, value: 1e6 }))
          : [],
      nowMs: 1_700_000_000_000,
      windowMs: 60_000,
      bottlenecks: [],
      recommendations: [],
      alerts: [],
      series: 2,
    })
    expect(snapshot.services).to.deep.equal([
      { 'service.namespace': 'shop', 'service.name': 'cart' },
    ])
    expect(snapshot.systems).to.have.length(2)
    expect(snapshot.time).to.equal('2023-11-14T22:13:20.000Z')
  })
})
