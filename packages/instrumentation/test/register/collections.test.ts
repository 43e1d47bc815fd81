import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

/** Before the app's own observer, while the preload starts, and after its last word. */
const OTHERS_MAX = 10

describe('garbage collections under the preload', () => {
  it('are all told, through the change from observing to tracing them', async () => {
    const receiver = await OtlpReceiver.start()
    const app = new AppProcess('collecting-app.mjs', {
      preload: '--import',
      nodeArguments: ['--expose-gc'],
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
    })
    try {
      await until("the app's own count", () => app.stdout.endsWith('\n'))
      const { minor, traced } = JSON.parse(app.stdout) as { minor: number; traced: string }
      const major = Number.parseInt(process.versions.node, 10)
      if (process.env.CHOKEPOINT_TEST_NODE === undefined)
        expect(traced).to.equal(major < 25 ? 'v8' : '')
      const told = (): number =>
        receiver
          .points('v8js.gc.duration')
          .filter(({ attributes }) => attributes['v8js.gc.type'] === 'minor')
          .reduce((most, { count }) => Math.max(most, Number(count)), 0)
      // The one of the turn in which the trace takes over may be missed.
      await until('all collections', () => told() >= minor - 1)
      expect(told()).to.be.at.most(minor + OTHERS_MAX)
      expect(app.stderr).to.equal('')
    } finally {
      app.child.kill('SIGTERM')
      await app.ended
      receiver.stop()
    }
  })
})
