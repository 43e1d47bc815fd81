import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

const ROUTES = 10_000
/** Series of `http.server.request.duration`, and of `request.time.split`, beside the one of the overflow. */
const DURATION_SERIES_MAX = 1000
const SPLIT_SERIES_MAX = 1500

describe('an app with ten thousand routes', () => {
  let receiver: OtlpReceiver
  let app: AppProcess | undefined

  before(async () => {
    receiver = await OtlpReceiver.start()
  })

  after(() => {
    app?.child.kill('SIGKILL')
    receiver.stop()
  })

  it('has bounded series, and what is beyond is counted in the overflow and as dropped', async () => {
    app = new AppProcess('many-routes-app.mjs', {
      preload: '--import',
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        ROUTES: String(ROUTES),
        OTEL_TRACES_EXPORTER: 'none',
      },
    })
    await app.listening()
    const served = () => receiver.points('http.server.request.duration')
    await until(
      'all requests',
      () => served().reduce((sum, { count = 0 }) => sum + count, 0) === ROUTES,
    )
    app.child.kill('SIGTERM')
    await app.ended
    const overflow = served().find(({ attributes }) => attributes['otel.metric.overflow'] === true)
    expect(served()).to.have.length(DURATION_SERIES_MAX + 1)
    expect(overflow?.count).to.equal(ROUTES - DURATION_SERIES_MAX)
    expect(receiver.points('request.time.split')).to.have.length.at.most(SPLIT_SERIES_MAX + 1)
    const dropped = receiver
      .points('chokepoint.sdk.dropped')
      .find(({ attributes }) => attributes['chokepoint.drop.kind'] === 'series')
    expect(dropped?.attributes['chokepoint.drop.reason']).to.equal('limit')
    expect(dropped?.value).to.be.at.least(ROUTES - DURATION_SERIES_MAX)
  })
})
