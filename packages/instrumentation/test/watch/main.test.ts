import { expect } from 'chai'
import { freePort } from '../../../../tools/testing/free-port.ts'
import { until } from '../../../../tools/testing/until.ts'
import { HistogramRecorder } from '../../src/shared/histogram-recorder.ts'
import type { SpanRecord } from '../../src/shared/messages.ts'
import { recordedInstrument } from '../../src/shared/recorded-instruments.ts'
import { readAttributes } from './otlp-json.ts'
import type { Watched } from './watched.ts'
import { WatchedSuite } from './watched-suite.ts'

const SPAN: SpanRecord = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  parentSpanId: '00f067aa0ba902b7',
  name: 'GET /orders/:id',
  kind: 1,
  startMs: 1_700_000_000_000.25,
  endMs: 1_700_000_000_120,
  attributes: { 'http.route': '/orders/:id', 'http.response.status_code': 500 },
  status: 2,
  scope: '@chokepoint/instrumentation',
}

describe('watch thread', () => {
  const suite = new WatchedSuite({ OTEL_METRIC_EXPORT_INTERVAL: '100' })

  function recordRequest({ writer }: Watched, seconds: number): void {
    const recorder = new HistogramRecorder(
      writer,
      recordedInstrument('http.server.request.duration'),
    )
    recorder.record(recorder.intern({ 'http.route': '/orders/:id' }), seconds)
  }

  it('sends what the app thread has recorded, ten times a second when asked', async () => {
    const { writer } = await suite.watch()
    recordRequest({ writer } as Watched, 0.12)
    await until(
      'the histogram',
      () => suite.receiver.metrics('http.server.request.duration').length > 2,
    )
    const [metric] = suite.receiver.metrics('http.server.request.duration')
    expect(metric).to.include({ unit: 's', kind: 'histogram', temporality: 2 })
    const [point] = metric!.points
    expect(point).to.deep.include({
      attributes: { 'http.route': '/orders/:id' },
      count: 1,
      sum: 0.12,
    })
    expect(point!.startMs).to.be.closeTo(performance.timeOrigin, 1)
  })

  it('names the service and the process in the resource', async () => {
    await suite.watch({ OTEL_SERVICE_NAME: 'shop', OTEL_RESOURCE_ATTRIBUTES: 'team=a' })
    await until('metrics', () => suite.receiver.metricRequests.length > 0)
    const [first] = suite.receiver.metricRequests
    const attributes = readAttributes(first!.resourceMetrics[0]!.resource.attributes)
    expect(attributes).to.deep.include({
      'service.name': 'shop',
      team: 'a',
      'process.pid': process.pid,
      'telemetry.sdk.language': 'nodejs',
      'telemetry.distro.name': 'chokepoint',
    })
    expect(attributes['service.instance.id']).to.match(/^[0-9a-f-]{36}$/)
  })

  it('sends only what was added, when delta is preferred', async () => {
    const started = await suite.watch({
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
    })
    recordRequest(started, 0.12)
    recordRequest(started, 0.12)
    await until('some intervals', () => suite.receiver.metricRequests.length > 3)
    const states = suite.receiver.metrics('http.server.request.duration')
    expect(states.every(({ temporality }) => temporality === 1)).to.equal(true)
    const total = states.reduce((sum, { points }) => sum + points[0]!.count!, 0)
    expect(total).to.equal(2)
  })

  it('sends spans with their times, parents and status', async () => {
    const started = await suite.watch()
    started.send({ type: 'spans', json: JSON.stringify([SPAN]), count: 1 })
    await started.flush()
    const [request] = suite.receiver.traceRequests
    const [span] = request!.resourceSpans[0]!.scopeSpans[0]!.spans
    expect(span).to.deep.include({
      traceId: SPAN.traceId,
      spanId: SPAN.spanId,
      parentSpanId: SPAN.parentSpanId,
      name: SPAN.name,
      kind: 2,
      startTimeUnixNano: '1700000000000250000',
      status: { code: 2 },
    })
  })

  it('sends what it has when the app ends', async () => {
    const started = await suite.watch({ OTEL_METRIC_EXPORT_INTERVAL: '60000' })
    recordRequest(started, 0.2)
    await started.flush('shutdown')
    expect(suite.receiver.metrics('http.server.request.duration')).to.have.length(1)
  })

  it('gives up after the time that a blocked app thread waits when the receiver is silent', async () => {
    suite.receiver.answer = () => undefined
    const started = await suite.watch({ OTEL_METRIC_EXPORT_INTERVAL: '60000' })
    expect(await started.flush('shutdown')).to.be.within(400, 5000)
  })

  it('speaks protobuf and gzip when told to', async () => {
    await suite.watch({
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-key=secret',
    })
    await until('metrics', () => suite.receiver.requests.length > 0)
    const [{ headers, body }] = suite.receiver.requests as [(typeof suite.receiver.requests)[0]]
    expect(headers).to.include({
      'content-type': 'application/x-protobuf',
      'content-encoding': 'gzip',
      'x-key': 'secret',
    })
    expect(body.includes('chokepoint.sdk.level')).to.equal(true)
  })

  it('serves /metrics, and goes on after one warning when the port is in use', async () => {
    const port = await freePort()
    const environment = {
      OTEL_METRICS_EXPORTER: 'prometheus',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
    }
    const started = await suite.watch(environment)
    recordRequest(started, 0.12)
    const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
    expect(text).to.contain(
      'http_server_request_duration_seconds_bucket{http_route="/orders/:id",le="0.25"} 1\n',
    )
    const second = await suite.watch(environment)
    await until('the warning', () => second.warnings.length > 0)
    expect(second.warnings).to.deep.equal([
      `/metrics is not served on localhost:${port}: the port is in use; the app runs on, ` +
        'and OTEL_EXPORTER_PROMETHEUS_PORT chooses another port',
    ])
  })
})
