import { expect } from 'chai'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

const WAYS = ['normally', 'exit', 'uncaught', 'rejection', 'signal', 'handled']

describe('a process that lives a moment', function () {
  this.timeout(60_000)
  // An end waits for half a second at most; on a busy machine that may be too short to start a thread and to send.
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
      const bare = await run(way, 200, false)
      const ours = await run(way, 200, true)
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

  it('tells even what it did before the watch thread had begun', async () => {
    expect((await run('normally', 0, true)).code).to.equal(0)
    expect(receiver.points('component.operation.duration')[0]?.count).to.equal(1)
    expect(receiver.points('script.runs')[0]?.value).to.equal(1)
  })
})
