import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

const SPAN_KIND_SERVER = 2

describe('a service that is ended under load', function () {
  // The end waits for half a second at most, which a busy machine may use up.
  this.retries(4)

  it('loses no request that it has answered, in its metrics and in its spans', async () => {
    const receiver = await OtlpReceiver.start()
    const app = new AppProcess('busy-server.mjs', {
      preload: '--import',
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_METRIC_EXPORT_INTERVAL: '60000',
        OTEL_BSP_SCHEDULE_DELAY: '60000',
        OTEL_TRACES_SAMPLER: 'always_on',
      },
    })
    try {
      const url = await app.listening()
      let answered = 0
      const client = async (): Promise<void> => {
        for (;;) {
          const text = await fetch(url).then((response) => response.text())
          if (text === 'ok') answered++
        }
      }
      const clients = Array.from({ length: 4 }, () => client().catch(() => undefined))
      await until('two hundred answers', () => answered > 200)
      app.child.kill('SIGTERM')
      expect((await app.ended).signal).to.equal('SIGTERM')
      await Promise.all(clients)
      const counted = receiver.points('http.server.request.duration')[0]?.count ?? 0
      const spans = receiver.spans().filter(({ kind }) => kind === SPAN_KIND_SERVER)
      expect(spans.length).to.equal(counted)
      expect(counted).to.be.within(answered, answered + clients.length)
    } finally {
      app.child.kill('SIGKILL')
      receiver.stop()
    }
  })
})
