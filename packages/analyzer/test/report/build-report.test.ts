import { expect } from 'chai'
import { buildReport } from '../../src/report/build-report.ts'
import { sampleView } from './sample-view.ts'

describe('buildReport', () => {
  it('covers the window that ends now', () => {
    const { window, generatedAt, product, version } = buildReport(sampleView(), 60_000, '1.2.3')
    expect({ window, generatedAt, product, version }).to.deep.equal({
      window: { start: '2026-03-02T12:14:00.000Z', end: '2026-03-02T12:15:00.000Z', seconds: 60 },
      generatedAt: '2026-03-02T12:15:00.000Z',
      product: 'chokepoint',
      version: '1.2.3',
    })
  })

  it('has the bottlenecks and the alert steps of the window, and none from before it', () => {
    const names = (windowMs: number) => {
      const { bottlenecks, alertHistory } = buildReport(sampleView(), windowMs, '0.1.0')
      return [bottlenecks.map(({ id }) => id), alertHistory.length]
    }
    expect(names(900_000)).to.deep.equal([['b1', 'b3', 'b2', 'b4'], 3])
    expect(names(120_000)).to.deep.equal([['b1', 'b3', 'b2'], 1])
  })
})
