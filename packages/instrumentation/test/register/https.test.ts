import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

describe('a service over TLS under the preload', () => {
  for (const file of ['https-app.mjs', 'https-app.cjs']) {
    it(`is seen from its first request on, in and out (${file})`, async () => {
      const receiver = await OtlpReceiver.start()
      const app = new AppProcess(file, {
        preload: '--import',
        environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
      })
      try {
        await app.listening()
        const served = await until(
          'the request served',
          () => receiver.points('http.server.request.duration')[0],
        )
        expect(served.count).to.equal(1)
        expect(served.attributes['url.scheme']).to.equal('https')
        const called = await until(
          'the request made',
          () => receiver.points('http.client.request.duration')[0],
        )
        expect(called.count).to.equal(1)
      } finally {
        app.child.kill('SIGTERM')
        await app.ended
        receiver.stop()
      }
    })
  }
})
