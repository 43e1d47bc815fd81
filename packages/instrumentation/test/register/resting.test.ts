import { expect } from 'chai'
import { AppProcess } from './app-process.ts'

describe('a connection that rests after a request', () => {
  it('does not keep its context', async () => {
    const app = new AppProcess('resting-app.mjs', {
      preload: '--import',
      nodeArguments: ['--async-context-frame'],
      environment: { OTEL_METRICS_EXPORTER: 'none', OTEL_TRACES_EXPORTER: 'none' },
    })
    const { stdout, code } = await app.ended
    expect(code).to.equal(0)
    expect(JSON.parse(stdout)).to.deep.equal({ inside: true, atTimeout: false })
  })
})
