import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

describe('waits for files and names', () => {
  let receiver: OtlpReceiver
  let app: AppProcess

  beforeEach(async () => {
    receiver = await OtlpReceiver.start()
  })

  afterEach(async () => {
    await app.stop()
    receiver.stop()
  })

  async function ask(path: string, environment: Record<string, string> = {}): Promise<string> {
    app = new AppProcess('waits-app.mjs', {
      preload: '--import',
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, ...environment },
    })
    const url = await app.listening()
    const text = await (await fetch(url + path)).text()
    await until('an export', () => receiver.points('request.time.split').length > 0)
    return text
  }

  const secondsOf = (kind: string) =>
    receiver
      .points('request.time.split')
      .filter(({ attributes }) => attributes['wait.kind'] === kind)
      .reduce((sum, point) => sum + point.value, 0)

  for (const path of ['/promises', '/callback', '/stream']) {
    it(`are part of the time of a request that reads a file by ${path.slice(1)}`, async () => {
      expect(await ask(path)).to.equal('done')
      // The program of Node has a hundred megabytes.
      expect(secondsOf('fs')).to.be.above(0.002)
      expect(secondsOf('dns')).to.equal(0)
    })
  }

  it('are part of the time of a request that looks a name up', async () => {
    expect(await ask('/lookup')).to.equal('done')
    expect(secondsOf('dns')).to.be.above(0.00005)
    expect(secondsOf('fs')).to.equal(0)
  })

  it('end when they are over', async () => {
    expect(await ask('/asleep')).to.equal('done')
    expect(secondsOf('fs') + secondsOf('dns')).to.be.below(0.25)
    expect(secondsOf('other')).to.be.above(0.3)
  })

  it('leave nothing behind that outlives a minor collection', async () => {
    app = new AppProcess('waits-survivors-app.mjs', {
      preload: '--import',
      // All that the app allocates fits, so that nothing is promoted before it is looked at.
      nodeArguments: ['--expose-gc', '--min-semi-space-size=64', '--max-semi-space-size=64'],
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url },
    })
    const url = await app.listening()
    const { heldBytes, keptBytes } = JSON.parse(await (await fetch(url)).text())
    expect(keptBytes).to.be.below(heldBytes / 10)
  })

  it('leave errors as they are', async () => {
    expect(await ask('/missing')).to.equal('ENOENT,ENOENT,ERR_INVALID_ARG_VALUE')
    expect(app.stderr).to.equal('')
  })

  it('are switched off by the names that OpenTelemetry has for them', async () => {
    expect(await ask('/promises', { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'fs,dns' })).to.equal(
      'done',
    )
    expect(secondsOf('fs')).to.equal(0)
  })
})
