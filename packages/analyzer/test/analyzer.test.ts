import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Webhook } from 'standardwebhooks'
import { until } from '../../../tools/testing/until.ts'
import { parseConfig, type RunningAnalyzer, startAnalyzer } from '../src/index.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr'

const RULES = `
groups:
  - name: test
    rules:
      - alert: TooWarm
        expr: room_temperature > 30
        labels: { severity: critical }
        annotations: { summary: 'it is {{ $value }} degrees' }
`

describe('the analyzer', () => {
  let folder: string
  let running: RunningAnalyzer | undefined
  const problems: string[] = []

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-'))
    problems.length = 0
  })

  afterEach(async () => {
    await running?.close()
    running = undefined
    rmSync(folder, { recursive: true })
  })

  async function start(extra = ''): Promise<RunningAnalyzer> {
    const text = `
listen: { host: 127.0.0.1, otlpHttp: 0, otlpGrpc: 0, api: 0 }
dataDir: ${folder}/data
rules: ['${folder}/*.yml']
evaluation: { interval: 100ms }
${extra}`
    const config = parseConfig(text, join(folder, 'chokepoint.yaml'), {})
    running = await startAnalyzer(config, { onProblem: (message) => problems.push(message) })
    return running
  }

  async function send(
    analyzer: RunningAnalyzer,
    value: number,
    exemplars: readonly object[] = [],
  ): Promise<void> {
    const timeUnixNano = `${Date.now()}000000`
    const point = { timeUnixNano, asDouble: value, exemplars }
    const metrics = [{ name: 'room.temperature', gauge: { dataPoints: [point] } }]
    const body = JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })
    const response = await fetch(`http://127.0.0.1:${analyzer.ports.otlpHttp}/v1/metrics`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    })
    expect(response.status).to.equal(200)
  }

  async function answer(analyzer: RunningAnalyzer, path: string): Promise<Answer> {
    return (await (await fetch(analyzer.url + path)).json()) as Answer
  }

  it('tells a signed webhook of an alert, from a request that crosses a threshold', async () => {
    writeFileSync(join(folder, 'rules.yml'), RULES)
    const receiver = await startReceiver()
    try {
      const webhook = `{ url: '${receiver.url}', secret: ${SECRET}, events: ['alert.*'] }`
      const analyzer = await start(`webhooks: [${webhook}]`)
      await send(analyzer, 35)
      const { headers, body } = await receiver.next()
      const event = new Webhook(SECRET.slice('whsec_'.length)).verify(body, headers) as Event
      expect(event.type).to.equal('alert.firing')
      expect(event.data.name).to.equal('TooWarm')
      expect(event.data.annotations.summary).to.equal('it is 35 degrees')
    } finally {
      receiver.close()
    }
  })

  it('has its samples, alerts and their age back after a restart', async () => {
    writeFileSync(join(folder, 'rules.yml'), RULES)
    const before = await start()
    await send(before, 40)
    const alerts = () => before.view().alerts()
    await until('the alert', () => alerts().some(({ state }) => state === 'firing'))
    const since = alerts()[0]?.activeSince
    await before.close()

    const after = await start()
    const { data } = await answer(after, '/api/v1/query?query=room_temperature')
    expect(data.result?.[0]?.value[1]).to.equal('40')
    expect(after.view().alerts()[0]?.activeSince).to.equal(since)
    expect(
      after
        .view()
        .alertHistory()
        .map(({ to }) => to),
    ).to.deep.equal(['firing'])
  })

  it('takes a changed rule file, and keeps the old rules when the new ones are wrong', async () => {
    const file = join(folder, 'rules.yml')
    writeFileSync(file, RULES)
    const analyzer = await start()
    await send(analyzer, 20)
    const names = async () => {
      const { data } = await answer(analyzer, '/api/v1/rules?type=alert')
      return data.groups?.find(({ name }) => name === 'test')?.rules.map(({ name }) => name)
    }
    expect(await names()).to.deep.equal(['TooWarm'])

    writeFileSync(file, RULES.replace('TooWarm', 'MuchTooWarm'))
    await until('the new rules', async () => (await names())?.[0] === 'MuchTooWarm')

    writeFileSync(file, RULES.replace('room_temperature > 30', 'room_temperature >'))
    await until('the problem', () => problems.length > 0)
    expect(problems[0]).to.match(/^keeping the old rules: .*rules\.yml:6:/)
    expect(await names()).to.deep.equal(['MuchTooWarm'])
  })

  it('keeps what it counts of itself as series, when it is asked to', async () => {
    const analyzer = await start('selfMetrics: true')
    await send(analyzer, 20)
    const points = async () => {
      const { data } = await answer(analyzer, '/api/v1/query?query=chokepoint_store_points_total')
      return data.result?.[0]
    }
    await until('points', async () => (await points()) !== undefined)
    expect((await points())?.value[1]).to.equal('1')
  })

  it('links alerts of thresholds and of rule files to the Grafana that is configured', async () => {
    const linked = "annotations: { dashboard_url: '{{ $externalLabels.grafana_url }}/d/x' }"
    writeFileSync(join(folder, 'rules.yml'), RULES.replace(/annotations: .*/, linked))
    const analyzer = await start('grafanaUrl: http://grafana.example/')
    await send(analyzer, 35)
    await until('the alert', () => analyzer.view().alerts().length > 0)
    expect(analyzer.view().alerts()[0]?.annotations.dashboard_url).to.equal(
      'http://grafana.example/d/x',
    )
    const { data } = await answer(analyzer, '/api/v1/rules?type=alert')
    const threshold = data.groups?.find(({ name }) => name === 'thresholds')?.rules[0]
    expect(JSON.stringify(threshold)).to.include('http://grafana.example/d/chokepoint-')
  })

  it('gives the exemplars of the series that an expression reads', async () => {
    const analyzer = await start()
    const timeMs = Date.now() - 1000
    const exemplar = {
      timeUnixNano: `${timeMs}000000`,
      asDouble: 21.5,
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      filteredAttributes: [{ key: 'user', value: { stringValue: 'u1' } }],
    }
    await send(analyzer, 20, [exemplar])
    const query = encodeURIComponent('max(room_temperature) / max(room_temperature)')
    const ask = (more = '') => answer(analyzer, `/api/v1/query_exemplars?query=${query}${more}`)
    const labels = { trace_id: exemplar.traceId, span_id: exemplar.spanId, user: 'u1' }
    expect((await ask()).data).to.deep.equal([
      {
        seriesLabels: { __name__: 'room_temperature' },
        exemplars: [{ labels, value: '21.5', timestamp: timeMs / 1000 }],
      },
    ])
    expect((await ask(`&start=${timeMs / 1000 + 1}`)).data).to.deep.equal([])
  })

  it('says what it counts of itself', async () => {
    const analyzer = await start()
    await send(analyzer, 20)
    const text = await (await fetch(`${analyzer.url}/metrics`)).text()
    expect(text).to.match(/^chokepoint_store_points_total 1$/m)
    expect(text).to.match(/^chokepoint_receive_requests_total\{protocol="http"\} 1$/m)
  })

  it('refuses to start on a port that is taken, and leaves nothing open', async () => {
    const first = await start()
    const listen = { host: '127.0.0.1', otlpHttp: 0, otlpGrpc: 0, api: first.ports.api }
    const config = { ...parseConfig('', join(folder, 'chokepoint.yaml'), {}), listen }
    const second = await startAnalyzer(config, { memory: true }).then(
      () => undefined,
      (error: Error) => error,
    )
    expect(second?.message).to.include(`${first.ports.api}`)
  })
})

interface Event {
  readonly type: string
  readonly data: { readonly name: string; readonly annotations: Record<string, string> }
}

interface Answer {
  readonly data: {
    readonly result?: readonly { readonly value: readonly [number, string] }[]
    readonly groups?: readonly {
      readonly name: string
      readonly rules: readonly { readonly name: string }[]
    }[]
  }
}

async function startReceiver() {
  const waiting: ((request: { headers: Record<string, string>; body: string }) => void)[] = []
  const first = new Promise<{ headers: Record<string, string>; body: string }>((resolve) => {
    waiting.push(resolve)
  })
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    response.end()
    waiting.shift()?.({ headers: request.headers as Record<string, string>, body })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, next: () => first, close: () => server.close() }
}
