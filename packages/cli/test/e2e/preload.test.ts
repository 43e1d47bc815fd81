import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import parsePrometheusTextFormat from 'parse-prometheus-text-format'
import { eventually } from '../../../../tools/testing/eventually.ts'
import { freePort } from '../../../../tools/testing/free-port.ts'
import { until } from '../../../../tools/testing/until.ts'

const REGISTER = fileURLToPath(
  new URL('../../../instrumentation/dist/register.js', import.meta.url),
)
const EXIT_DELAY_MS_MAX = 600

const environment = (extra: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  // Nobody listens on the discard port.
  OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
  OTEL_METRICS_EXPORTER: 'otlp',
  ...extra,
})

function runNode(script: string, preload: boolean): SpawnSyncReturns<string> & { ms: number } {
  const startMs = performance.now()
  const result = spawnSync(
    process.execPath,
    [...(preload ? ['--import', REGISTER] : []), '-e', script],
    { env: environment(), encoding: 'utf8', timeout: 100_000 },
  )
  return { ...result, ms: performance.now() - startMs }
}

describe('an app under the preload', () => {
  const ENDS = [
    ['its exit code', 'console.log("out"); process.exitCode = 3'],
    ['an exit in the middle', 'console.log("out"); process.exit(4)'],
    ['an uncaught error', 'console.log("out"); throw new Error("no")'],
    [
      'a signal',
      'console.log("out"); process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)',
    ],
  ] as const

  for (const [what, script] of ENDS) {
    it(`keeps ${what} and its output when no analyzer is there`, () => {
      const bare = runNode(script, false)
      const watched = runNode(script, true)
      expect(watched.status).to.equal(bare.status)
      expect(watched.signal).to.equal(bare.signal)
      expect(watched.stdout).to.equal(bare.stdout)
    })
  }

  it(`ends less than ${EXIT_DELAY_MS_MAX} ms later than it would without us`, async () => {
    // The app tells when it is done; what comes after that is the delay.
    const script = 'setTimeout(() => process.stdout.write("done"), 1500)'
    // The best of some rounds: the machine's other work is not ours to answer for.
    await eventually(async () => {
      const child = spawn(process.execPath, ['--import', REGISTER, '-e', script], {
        env: environment(),
        stdio: ['ignore', 'pipe', 'ignore'],
      })
      await once(child.stdout, 'data')
      const doneMs = performance.now()
      const [code] = await once(child, 'exit')
      expect(code).to.equal(0)
      expect(performance.now() - doneMs).to.be.below(EXIT_DELAY_MS_MAX)
    })
  })

  it('serves /metrics that a Prometheus parser reads', async () => {
    const port = await freePort()
    const script = `require('node:http').createServer((request, response) => response.end('ok'))
      .listen(0, '127.0.0.1', function () { console.log(this.address().port) })`
    const child = spawn(process.execPath, ['--import', REGISTER, '-e', script], {
      env: environment({
        OTEL_METRICS_EXPORTER: 'prometheus',
        OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
      }),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    try {
      const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
      for (let n = 0; n < 5; n++) await (await fetch(`http://127.0.0.1:${Number(chunk)}/`)).text()
      const families = parsePrometheusTextFormat(await metricsOf(port))
      const duration = families.find(({ name }) => name.startsWith('http_server_request_duration'))
      expect(duration).to.include({ type: 'HISTOGRAM' })
      expect(duration?.metrics[0]?.buckets?.['+Inf']).to.equal('5')
    } finally {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
  })
})

/** The text of `/metrics`, asked again until the watch thread is up and has the requests. */
function metricsOf(port: number): Promise<string> {
  return until('the requests in /metrics', async () => {
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    return /http_server_request_duration\w*_count\{[^}]*\} 5$/m.test(text) ? text : undefined
  })
}
