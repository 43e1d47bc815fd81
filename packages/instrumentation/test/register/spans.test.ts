import { readFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { createFileRegistry, fromBinary, toJson } from '@bufbuild/protobuf'
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt'
import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'

const DESCRIPTORS = new URL('../watch/export/fixtures/trace-descriptors.binpb', import.meta.url)
const REGISTRY = createFileRegistry(fromBinary(FileDescriptorSetSchema, readFileSync(DESCRIPTORS)))
const REQUEST = REGISTRY.getMessage(
  'opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest',
)!
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CALLER = 'b7ad6b7169203331'
const KIND = { internal: 'SPAN_KIND_INTERNAL', server: 'SPAN_KIND_SERVER' }

/** A span as the official descriptors give it in JSON; ids are base64 there. */
interface OfficialSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly traceState?: string
  readonly name: string
  readonly kind: string
  readonly flags: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes?: { key: string; value: Record<string, unknown> }[]
  readonly events?: { name: string; attributes?: unknown[] }[]
  readonly links?: { spanId: string }[]
  readonly status?: { code?: string; message?: string }
  readonly scope: { name: string; version?: string }
}

interface OfficialRequest {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly scope: OfficialSpan['scope']
      readonly spans: readonly OfficialSpan[]
    }[]
  }[]
}

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')

describe('spans, decoded with the official descriptors', () => {
  let server: Server
  let spans: OfficialSpan[]
  let app: AppProcess
  let url: string

  beforeEach(async () => {
    spans = []
    server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        if (request.url === '/v1/traces') {
          expect(request.headers['content-type']).to.equal('application/x-protobuf')
          const bytes = gunzipSync(Buffer.concat(chunks))
          const decoded = toJson(REQUEST, fromBinary(REQUEST, bytes)) as unknown
          for (const { scopeSpans } of (decoded as OfficialRequest).resourceSpans) {
            for (const { scope, spans: own } of scopeSpans) {
              spans.push(...own.map((span) => ({ ...span, scope })))
            }
          }
        }
        response.end()
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })

  afterEach(() => {
    app.child.kill('SIGKILL')
    server.close()
    server.closeAllConnections()
  })

  async function start(environment: Record<string, string>): Promise<void> {
    app = new AppProcess('spans-app.mjs', {
      preload: '--import',
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
        OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
        OTEL_METRICS_EXPORTER: 'none',
        OTEL_BSP_SCHEDULE_DELAY: '100',
        ...environment,
      },
    })
    url = await app.listening()
  }

  /** The end sends what there is, so that what has not come by then does not come. */
  async function end(): Promise<void> {
    app.child.kill('SIGTERM')
    await app.ended
  }

  const ask = async (path: string, headers = {}) => (await fetch(url + path, { headers })).text()
  const named = (name: string) => spans.find((span) => span.name === name)!
  const paths = () =>
    spans
      .filter(({ kind }) => kind === KIND.server)
      .map(({ attributes }) => attributes!.find(({ key }) => key === 'url.path')!.value.stringValue)

  it('of the app nest in the request and in each other, with all that they hold', async () => {
    await start({ OTEL_TRACES_SAMPLER: 'always_on' })
    const headers = { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: 'a=1' }
    await ask('/nested', headers)
    await until('five spans', () => spans.length === 5)
    const root = spans.find(({ kind }) => kind === KIND.server)!
    const [outer, inner] = [named('outer'), named('inner')]
    expect(root).to.deep.include({ parentSpanId: base64(CALLER), traceState: 'a=1' })
    expect(outer.parentSpanId).to.equal(root.spanId)
    expect(inner.parentSpanId).to.equal(outer.spanId)
    expect(named('by context').parentSpanId).to.equal(outer.spanId)
    for (const span of [root, outer, inner]) expect(span.traceId).to.equal(base64(TRACE))
    expect(outer.kind).to.equal(KIND.internal)
    expect(outer.scope).to.deep.equal({ name: 'shop', version: '1.2.3' })
    expect(outer.attributes).to.deep.equal([{ key: 'shelf', value: { intValue: '7' } }])
    expect(outer.events!.map(({ name }) => name)).to.deep.equal(['found'])
    expect(inner.kind).to.equal('SPAN_KIND_PRODUCER')
    expect(inner.status).to.deep.equal({ code: 'STATUS_CODE_ERROR', message: 'no such thing' })
    expect(inner.events!.map(({ name }) => name)).to.deep.equal(['exception'])
    const apart = named('apart')
    expect(apart).to.not.have.property('parentSpanId')
    expect(apart.traceId).to.not.equal(root.traceId)
    expect(apart.links!.map(({ spanId }) => spanId)).to.deep.equal([outer.spanId])
    for (const span of spans) {
      expect(span.flags & 1, span.name).to.equal(1)
      const [from, to] = [BigInt(span.startTimeUnixNano), BigInt(span.endTimeUnixNano)]
      expect(to >= from && to - from < 10_000_000_000n, span.name).to.equal(true)
      expect(Math.abs(Number(from / 1_000_000n) - Date.now())).to.be.below(60_000)
    }
    const inside = (child: OfficialSpan, parent: OfficialSpan): boolean =>
      BigInt(child.startTimeUnixNano) >= BigInt(parent.startTimeUnixNano) &&
      BigInt(child.endTimeUnixNano) <= BigInt(parent.endTimeUnixNano) + 1_000_000n
    expect(inside(outer, root)).to.equal(true)
    expect(inside(inner, outer)).to.equal(true)
  })

  it('are kept of what is slow or failed, and of what a caller has sampled, and of nothing else', async () => {
    await start({ OTEL_TRACES_SAMPLER_ARG: '0', CHOKEPOINT_SLOW_MS: '100' })
    const from = (flags: string) => ({ traceparent: `00-${TRACE}-${CALLER}-${flags}` })
    await ask('/fine')
    await ask('/fine', from('00'))
    await ask('/fail', from('00'))
    await ask('/slow')
    await ask('/nested', from('01'))
    await until('three requests', () => paths().length === 3)
    await end()
    expect(paths()).to.have.members(['/fail', '/slow', '/nested'])
  })

  it('of a message belong to the trace of its sender, and hand it on with its baggage', async () => {
    await start({ OTEL_TRACES_SAMPLER: 'parentbased_always_off' })
    app.child.send({
      traceparent: `00-${TRACE}-${CALLER}-01`,
      tracestate: 'a=1',
      baggage: 'user=42',
    })
    await until('the consumer', () => spans.length === 1)
    expect(named('consume')).to.include({
      traceId: base64(TRACE),
      parentSpanId: base64(CALLER),
      kind: 'SPAN_KIND_CONSUMER',
    })
    const sent = JSON.parse(/sent (.*)/.exec(app.stdout)![1]!) as Record<string, string>
    const own = Buffer.from(named('consume').spanId, 'base64').toString('hex')
    expect(sent).to.deep.equal({
      traceparent: `00-${TRACE}-${own}-01`,
      tracestate: 'a=1',
      baggage: 'user=42',
    })
    app.child.send({ traceparent: `00-${TRACE}-${CALLER}-00` })
    await until('the second message', () => app.stdout.split('sent ').length === 3)
    await end()
    expect(spans).to.have.length(1)
  })

  const samplers: [Record<string, string>, number][] = [
    [{ OTEL_TRACES_SAMPLER: 'always_on' }, 4],
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, 0],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '1' }, 4],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, 0],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_on' }, 3],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, 1],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, 1],
  ]
  for (const [environment, kept] of samplers) {
    it(`are ${kept} of 4 requests with ${Object.values(environment).join(' ')}`, async () => {
      await start(environment)
      await ask('/fine')
      await ask('/fail')
      await ask('/fine', { traceparent: `00-${TRACE}-${CALLER}-01` })
      await ask('/fine', { traceparent: `00-${TRACE}-${CALLER}-00` })
      // One that is kept in any case shows that the watch thread is up.
      await until('the spans', () => paths().length >= kept)
      await end()
      expect(paths()).to.have.length(kept)
    })
  }
})
