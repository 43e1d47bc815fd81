import { expect } from 'chai'
import { AppProcess } from './app-process.ts'

describe('a request that the app hands over by itself', () => {
  for (const flag of ['--async-context-frame', '--no-async-context-frame']) {
    it(`leaves its context with the event, with ${flag}`, async () => {
      const app = new AppProcess('handed-over-app.mjs', {
        preload: '--import',
        nodeArguments: [flag],
        environment: { OTEL_METRICS_EXPORTER: 'none', OTEL_TRACES_EXPORTER: 'none' },
      })
      const { stdout, code } = await app.ended
      expect(code).to.equal(0)
      expect(JSON.parse(stdout)).to.deep.equal({ inside: [true, true], after: [false, false] })
    })
  }
})
