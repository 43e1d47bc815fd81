import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { expect } from 'chai'
import { freePort } from '../../../../tools/testing/free-port.ts'
import { until } from '../../../../tools/testing/until.ts'
import { parseConfig, type RunningAnalyzer, startAnalyzer } from '../../src/index.ts'
import { decodeOfficially, REQUEST } from '../decode/official-otlp.ts'
import { gauge, request } from '../store/otlp-bytes.ts'
import { type Received, startTarget, type Target } from './receiver.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..', '..')
const COLLECTOR = join(ROOT, '.cache', 'stack', 'bin', 'otelcol')
const PROCESSOR = join(ROOT, 'collector-config', 'processor.yaml')

const RULES = `
groups:
  - name: test
    rules:
      - { alert: AnyPoint, expr: forwarded_points >= 0, labels: { severity: critical } }
`

// The real Collector around the real analyzer, with the config that users are given.
describe('the analyzer as a hop between two Collector pipelines', () => {
  let folder: string
  let collector: ChildProcess | undefined
  let analyzer: RunningAnalyzer | undefined
  let target: Target | undefined
  let collectorLog = ''

  before(function () {
    if (!existsSync(COLLECTOR)) this.skip()
  })

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-hop-'))
    collectorLog = ''
    writeFileSync(join(folder, 'rules.yml'), RULES)
  })

  afterEach(async () => {
    await analyzer?.close()
    await stopCollector()
    await target?.close()
    analyzer = undefined
    target = undefined
    rmSync(folder, { recursive: true })
  })

  async function startAnalyzerTo(outPort: number): Promise<RunningAnalyzer> {
    const text = `
listen: { host: 127.0.0.1, otlpHttp: 0, otlpGrpc: 0, api: 0 }
dataDir: data
rules: [rules.yml]
evaluation: { interval: 100ms }
forward: http://127.0.0.1:${outPort}
`
    const config = parseConfig(text, join(folder, 'chokepoint.yaml'), {})
    analyzer = await startAnalyzer(config, { onProblem: () => {} })
    return analyzer
  }

  async function startCollector(inPort: number, outPort: number): Promise<void> {
    const env = {
      ...process.env,
      PROCESSOR_IN: `127.0.0.1:${inPort}`,
      PROCESSOR_OUT: `127.0.0.1:${outPort}`,
      PROCESSOR_SELF_HOST: '127.0.0.1',
      PROCESSOR_SELF_PORT: String(await freePort()),
      PROCESSOR_STORAGE: join(folder, 'collector'),
      ANALYZER_OTLP_ENDPOINT: `http://127.0.0.1:${analyzer?.ports.otlpHttp}`,
      PROMETHEUS_OTLP_ENDPOINT: `${target?.url}/v1/metrics`,
    }
    const child = spawn(COLLECTOR, [`--config=${PROCESSOR}`], { env })
    collector = child
    child.stderr?.on('data', (chunk: Buffer) => {
      collectorLog += chunk
    })
    await until('the Collector', () => {
      if (child.exitCode !== null) throw new Error(`the Collector ended: ${collectorLog}`)
      return collectorLog.includes('Everything is ready')
    })
  }

  async function stopCollector(): Promise<void> {
    const child = collector
    collector = undefined
    if (child === undefined || child.exitCode !== null) return
    child.kill()
    await once(child, 'exit')
  }

  it('gets every point and its own findings through, Collector to analyzer to Collector', async () => {
    target = await startTarget()
    const [inPort, outPort] = [await freePort(), await freePort()]
    await startAnalyzerTo(outPort)
    await startCollector(inPort, outPort)
    const values = Array.from({ length: 2000 }, (_, index) => index)
    for (let from = 0; from < values.length; from += 20) {
      await post(inPort, values.slice(from, from + 20))
    }
    await target.until((received) => pointsOf(received).length >= values.length)
    expect(pointsOf(target.received)).to.deep.equal(values)
    await until('the alert as an event', () => collectorLog.includes('chokepoint.alert.firing'))
    expect(collectorLog).to.contain('AnyPoint')
  })

  it('loses nothing while the Collector behind it is down and the analyzer restarts', async () => {
    target = await startTarget()
    const [inPort, outPort] = [await freePort(), await freePort()]
    const first = await startAnalyzerTo(outPort)
    const values = Array.from({ length: 1000 }, (_, index) => index)
    for (let from = 0; from < 500; from += 10) {
      await post(first.ports.otlpHttp, values.slice(from, from + 10))
    }
    await first.close()
    const second = await startAnalyzerTo(outPort)
    for (let from = 500; from < 1000; from += 10) {
      await post(second.ports.otlpHttp, values.slice(from, from + 10))
    }
    expect(pointsOf(target.received)).to.deep.equal([])
    await startCollector(inPort, outPort)
    await target.until((received) => pointsOf(received).length >= values.length)
    expect(pointsOf(target.received)).to.deep.equal(values)
    await until('an empty queue', async () => {
      const text = await (await fetch(`${second.url}/metrics`)).text()
      return text.includes('\nchokepoint_forward_queue_bytes 0\n')
    })
  })
})

async function post(port: number, values: readonly number[]): Promise<void> {
  const nowMs = Date.now()
  const points = values.map((value) => [nowMs + value, value] as const)
  const response = await fetch(`http://127.0.0.1:${port}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: request([gauge('forwarded.points', ...points)]) as Uint8Array<ArrayBuffer>,
  })
  expect(response.status).to.equal(200)
}

interface Points {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly {
      readonly metrics: readonly {
        readonly name: string
        readonly data: { readonly value: { readonly dataPoints: readonly Point[] } }
      }[]
    }[]
  }[]
}

interface Point {
  readonly value: { readonly value: number }
}

/** The values that arrived, each once for each time that it arrived, in order. */
function pointsOf(received: readonly Received[]): number[] {
  return received
    .map(({ body }) => decodeOfficially(REQUEST, gunzipSync(body)) as unknown as Points)
    .flatMap(({ resourceMetrics }) => resourceMetrics)
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap(({ metrics }) => metrics)
    .filter(({ name }) => name === 'forwarded.points')
    .flatMap(({ data }) => data.value.dataPoints.map(({ value }) => value.value))
    .sort((a, b) => a - b)
}
