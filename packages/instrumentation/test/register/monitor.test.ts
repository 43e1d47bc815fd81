import { expect } from 'chai'
import { AppProcess } from './app-process.ts'

describe('the performance monitor with an embedded analyzer', () => {
  it('measures its own process and answers', async () => {
    const { stdout, code, stderr } = await new AppProcess('monitor.mjs', {
      environment: { OTEL_METRIC_EXPORT_INTERVAL: '1000' },
    }).ended
    expect(code, stderr).to.equal(0)
    const answer = JSON.parse(stdout) as {
      snapshot: { components: { component: string; kind: string; operation: string }[] }
      bottlenecks: unknown[]
      report: number
    }
    const names = answer.snapshot.components.map(({ component, kind }) => `${kind} ${component}`)
    expect(names).to.include('component checkout')
    // The embedded analyzer's own server is not the app's.
    expect(answer.snapshot.components.map(({ operation }) => operation)).to.not.include('POST')
    expect(answer.bottlenecks).to.deep.equal([])
    expect(answer.report).to.be.above(100)
  })
})
