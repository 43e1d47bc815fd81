import { expect } from 'chai'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

// Long enough for a watch thread of TypeScript sources; the built one is tried with 200 ms in tarball.test.ts.
const LIVES_MS = 1200
const WAYS = ['normally', 'exit', 'uncaught', 'rejection', 'signal', 'handled']

describe('a process that lives a moment', function () {
  // An end waits for half a second at most; on a busy machine that may be too short to send.
  this.retries(3)
  let receiver: OtlpReceiver

  beforeEach(async () => {
    receiver = await OtlpReceiver.start()
  })
  afterEach(() => receiver.stop())

  async function run(way: string, livesMs: number, preload: boolean) {
    const app = new AppProcess('short-script.mjs', {
      ...(preload ? { preload: '--import' as const } : {}),
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_METRIC_EXPORT_INTERVAL: '60000',
        OTEL_TRACES_SAMPLER: 'always_on',
        LIVES_MS: String(livesMs),
        WAY: way,
      },
    })
    return app.ended
  }

  for (const way of WAYS) {
    it(`has told what it measured when it ends ${way}, and ends as it would have`, async () => {
      const bare = await run(way, LIVES_MS, false)
      const ours = await run(way, LIVES_MS, true)
      expect({ code: ours.code, signal: ours.signal, stdout: ours.stdout }).to.deep.equal({
        code: bare.code,
        signal: bare.signal,
        stdout: bare.stdout,
      })
      expect(ours.stderr).to.not.contain('[chokepoint]')
      expect(receiver.points('component.operation.duration')[0]?.count).to.equal(1)
      expect(receiver.spans().map(({ name }) => name)).to.include('whole script')
    })
  }
})
