import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { expect } from 'chai'
import { CliProcess, runCliProcess } from './cli-process.ts'

const BOUNDS = [0.1, 0.25, 0.5, 1]
const START_SECONDS = 1_700_000_000

/** One export of a service that waits 0.4 s for each of two calls a second; counters since the start. */
function exportAt(second: number): string {
  const time = `${START_SECONDS + second}000000000`
  const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } })
  const histogram = (name: string, attributes: object[]) => ({
    name,
    unit: 's',
    histogram: {
      aggregationTemporality: 2,
      dataPoints: [
        {
          attributes,
          startTimeUnixNano: `${START_SECONDS}000000000`,
          timeUnixNano: time,
          count: String(second * 2),
          sum: second * 0.8,
          explicitBounds: BOUNDS,
          bucketCounts: ['0', '0', String(second * 2), '0', '0'],
        },
      ],
    },
  })
  const metrics = [
    histogram('http.server.request.duration', [attribute('http.route', '/buy')]),
    histogram('http.client.request.duration', [
      attribute('server.address', 'bank.example'),
      attribute('server.port', '443'),
    ]),
  ]
  const resource = {
    attributes: [attribute('service.name', 'till'), attribute('service.instance.id', 'till-1')],
  }
  return JSON.stringify({ resourceMetrics: [{ resource, scopeMetrics: [{ metrics }] }] })
}

const recording = (seconds: number) =>
  Array.from({ length: seconds }, (_, n) => `${exportAt(n + 1)}\n`).join('')

describe('a recording', () => {
  let folder: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chokepoint-e2e-'))
  })
  after(() => rm(folder, { recursive: true, force: true }))

  it('is diagnosed by the time in its data, gzipped or not, and fails a build that asks for it', async () => {
    const file = join(folder, 'metrics.jsonl.gz')
    await writeFile(file, gzipSync(`${recording(90)}{"resourceLogs":[]}\n`))
    const report = join(folder, 'report.json')
    const { exitCode, stdout, stderr } = await runCliProcess([
      'replay',
      '--fail-on',
      'warning',
      '--report',
      report,
      file,
    ])
    expect(exitCode, stdout + stderr).to.equal(3)
    expect(stdout).to.contain('90 requests replayed, 1 lines of other signals passed over')
    expect(stdout).to.match(/1\. dependency\.slow in till: bank\.example/)
    const { window } = JSON.parse(await readFile(report, 'utf8'))
    expect(window.end).to.equal(new Date((START_SECONDS + 90) * 1000).toISOString())
  })

  it('that is broken is told with its line', async () => {
    const file = join(folder, 'broken.jsonl')
    await writeFile(file, `${recording(1)}not json\n`)
    const { exitCode, stderr } = await runCliProcess(['replay', file])
    expect(exitCode).to.equal(1)
    expect(stderr).to.contain(`${file}:2: expected an OTLP request in JSON, got not json`)
  })

  it('that is not there is told by name', async () => {
    const { exitCode, stderr } = await runCliProcess(['replay', join(folder, 'none.jsonl')])
    expect(exitCode).to.equal(1)
    expect(stderr).to.contain('cannot read').and.to.contain('none.jsonl')
  })
})

describe('the commands that ask a running analyzer', () => {
  let folder: string
  let cli: CliProcess
  let url: string

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chokepoint-e2e-'))
    const any = ['--port', '0', '--otlp-http-port', '0', '--otlp-grpc-port', '0']
    cli = new CliProcess(['serve', '--data-dir', folder, ...any])
    url = (await cli.told(/live page and API (\S+),/))[1]!
  })
  after(async () => {
    await cli.end()
    await rm(folder, { recursive: true, force: true })
  })

  it('query prints what promtool would', async () => {
    const { exitCode, stdout } = await runCliProcess([
      'query',
      '--url',
      url,
      '--time',
      '5',
      'vector(2)',
    ])
    expect({ exitCode, stdout }).to.deep.equal({ exitCode: 0, stdout: '{} => 2 @[5]\n' })
  })

  it('query tells where an expression is wrong', async () => {
    const { exitCode, stderr } = await runCliProcess(['query', '--url', url, 'sum('])
    expect(exitCode).to.equal(1)
    expect(stderr).to.match(/400 .*parse error/)
  })

  it('report writes a file', async () => {
    const out = join(folder, 'report.html')
    const { exitCode, stderr } = await runCliProcess([
      'report',
      '--url',
      url,
      '--format',
      'html',
      '--out',
      out,
    ])
    expect(exitCode, stderr).to.equal(0)
    expect(await readFile(out, 'utf8')).to.match(/^<!doctype html>/)
  })

  it('say so when nobody listens', async () => {
    const { exitCode, stderr } = await runCliProcess(['query', '--url', 'http://127.0.0.1:9', 'up'])
    expect(exitCode).to.equal(1)
    expect(stderr).to.match(
      /cannot reach the analyzer at http:\/\/127\.0\.0\.1:9: .*; chokepoint serve starts one/,
    )
  })
})

describe('chokepoint test', () => {
  it('passes and fails as promtool does, and says which rule', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chokepoint-e2e-'))
    try {
      await writeFile(
        join(folder, 'rules.yml'),
        'groups: [{ name: g, rules: [{ alert: Down, expr: up == 0 }] }]\n',
      )
      const file = join(folder, 'rules.test.yml')
      const testOf = (value: number) =>
        writeFile(
          file,
          `rule_files: [rules.yml]
tests:
  - interval: 1m
    input_series: [{ series: 'up{job="a"}', values: '${value} ${value}' }]
    alert_rule_test: [{ eval_time: 1m, alertname: Down, exp_alerts: [{ exp_labels: { job: a } }] }]
`,
        )
      await testOf(0)
      expect(await runCliProcess(['test', file])).to.include({ exitCode: 0 })
      await testOf(1)
      const failed = await runCliProcess(['test', file])
      expect(failed.exitCode).to.equal(1)
      expect(failed.stdout).to.contain('FAILED').and.to.contain('Down')
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
