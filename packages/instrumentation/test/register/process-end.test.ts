import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { type AppOptions, AppProcess, type Ended } from './app-process.ts'

// Nothing listens on port 9: the collector is down.
const DOWN = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }

// Far above the half second that the bench measures, far below the 10 s that an export may wait.
const END_MS_MAX = 5000

async function run(way: string, options: AppOptions, signal?: NodeJS.Signals): Promise<Ended> {
  const app = new AppProcess('ending.mjs', {
    ...options,
    environment: { ...DOWN, WAY: way, ...options.environment },
  })
  if (signal !== undefined) {
    await until('waiting', () => app.stdout.includes('waiting'))
    app.child.kill(signal)
  }
  return app.ended
}

const WAYS: readonly [way: string, signal?: NodeJS.Signals][] = [
  ['empty'],
  ['exit'],
  ['exitCode'],
  ['throws'],
  ['rejects'],
  ['beforeExit'],
  ['exitListener'],
  ['killsItself'],
  ['waits', 'SIGTERM'],
  ['waits', 'SIGINT'],
  ['waits', 'SIGHUP'],
  ['handles', 'SIGTERM'],
  ['once', 'SIGTERM'],
]

describe('the end of a process under the preload, with the collector down', () => {
  for (const [way, signal] of WAYS) {
    for (const preload of ['--import', '--require'] as const) {
      it(`is as without us: ${way} ${signal ?? ''} ${preload}`, async () => {
        const [bare, ours] = [await run(way, {}, signal), await run(way, { preload }, signal)]
        const { stdout, code, signal: died } = ours
        expect({ stdout, code, died }).to.deep.equal({
          stdout: bare.stdout,
          code: bare.code,
          died: bare.signal,
        })
      })
    }
  }

  it('does not wait for the collector’s time-out', async () => {
    const app = new AppProcess('fastify-app.mjs', { preload: '--import', environment: DOWN })
    const url = await app.listening()
    for (let count = 0; count < 20; count++) await fetch(`${url}/items/${count}`)
    await until('the warning about the collector', () => app.stderr.includes('cannot be sent'))
    const killedMs = performance.now()
    app.child.kill('SIGTERM')
    const { signal } = await app.ended
    expect(signal).to.equal('SIGTERM')
    expect(performance.now() - killedMs).to.be.below(END_MS_MAX)
  })

  it('is not held up by a collector that accepts and never answers', async () => {
    const { createServer } = await import('node:net')
    const silent = createServer(() => {})
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as { port: number }
    const app = new AppProcess('fastify-app.mjs', {
      preload: '--import',
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
    })
    const url = await app.listening()
    await fetch(`${url}/items/1`)
    const killedMs = performance.now()
    app.child.kill('SIGTERM')
    await app.ended
    expect(performance.now() - killedMs).to.be.below(END_MS_MAX)
    silent.close()
  })
})

describe('the preload', () => {
  it('does nothing when OTEL_SDK_DISABLED is true', async () => {
    const app = new AppProcess('fastify-app.mjs', {
      preload: '--import',
      environment: { OTEL_SDK_DISABLED: 'true', ...DOWN },
    })
    const url = await app.listening()
    expect((await fetch(`${url}/items/1`)).status).to.equal(200)
    app.child.kill('SIGTERM')
    expect((await app.ended).stderr).to.equal('')
  })
})
