import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect } from 'chai'

const FIXTURES = join(import.meta.dirname, '..', '..', 'register', 'fixtures')

describe('the console exporter', function () {
  this.retries(3)

  it('writes each request as one line of OTLP on standard output, between the lines of the app', () => {
    const { stdout, status } = spawnSync(
      process.execPath,
      [
        '--conditions=chokepoint-source',
        '--import',
        '@chokepoint/instrumentation/register',
        'short-script.mjs',
      ],
      {
        cwd: FIXTURES,
        encoding: 'utf8',
        env: {
          ...process.env,
          OTEL_METRICS_EXPORTER: 'console',
          OTEL_TRACES_EXPORTER: 'console',
          OTEL_LOGS_EXPORTER: 'none',
          OTEL_TRACES_SAMPLER: 'always_on',
          OTEL_METRIC_EXPORT_INTERVAL: '300',
          OTEL_BSP_SCHEDULE_DELAY: '300',
          LIVES_MS: '2500',
          WAY: 'normally',
        },
      },
    )
    expect(status).to.equal(0)
    const lines = stdout.trim().split('\n')
    expect(lines).to.include('measured')
    const requests = lines
      .filter((line) => line.startsWith('{'))
      .map((line) => Object.keys(JSON.parse(line) as object)[0])
    expect(requests).to.include.members(['resourceMetrics', 'resourceSpans'])
  })
})
