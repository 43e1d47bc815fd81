import { once } from 'node:events'
import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CALLER = 'b7ad6b7169203331'

describe('an HTTP/2 service under the preload', () => {
  let receiver: OtlpReceiver

  before(async () => {
    receiver = await OtlpReceiver.start()
  })
  after(() => receiver.stop())
  beforeEach(() => receiver.clear())

  async function ask(app: AppProcess, path: string, headers = {}): Promise<string> {
    app.child.send({ path, headers })
    return (await once(app.child, 'message'))[0] as string
  }

  async function run(way: string, asked: (app: AppProcess) => Promise<void>): Promise<void> {
    const app = new AppProcess('http2-app.mjs', {
      preload: '--import',
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_TRACES_SAMPLER_ARG: '0',
        WAY: way,
      },
    })
    await app.listening()
    await asked(app)
    await until('an export', () => receiver.points('http.server.request.duration').length > 0)
    app.child.kill('SIGTERM')
    expect((await app.ended).stderr).to.equal('')
  }

  for (const way of ['stream', 'compat', 'fastify']) {
    it(`by ${way} has the same metrics and spans as over HTTP/1, and hands the trace on`, async () => {
      await run(way, async (app) => {
        const headers = { traceparent: `00-${TRACE}-${CALLER}-01`, tracestate: 'vendor=1' }
        expect(await ask(app, '/call/1', headers)).to.equal('ok')
      })
      const served = receiver.points('http.server.request.duration')
      for (const { attributes } of served) {
        expect(attributes).to.include({
          'http.request.method': 'GET',
          'http.response.status_code': 200,
          'url.scheme': 'http',
          'network.protocol.version': '2',
        })
      }
      expect(served.reduce((total, { count }) => total + count, 0)).to.equal(2)
      const routes = served.map(({ attributes }) => attributes['http.route'])
      expect(routes).to.have.members(way === 'fastify' ? ['/call/:id', '/leaf'] : [undefined])
      const active = receiver.points('http.server.active_requests')
      expect(active.map(({ value }) => value)).to.deep.equal([0])
      const called = receiver.points('http.client.request.duration')
      expect(called.map(({ attributes }) => attributes['network.protocol.version'])).to.include('2')
      expect(called[0]!.attributes['server.address']).to.equal('localhost')
      const counted = receiver.points('request.child.calls').map(({ attributes }) => attributes)
      expect(counted.map((attributes) => attributes['call.shape'])).to.deep.equal(['GET /leaf'])

      const spans = receiver.spans().filter(({ traceId }) => traceId === TRACE)
      const root = spans.find(({ parentSpanId }) => parentSpanId === CALLER)!
      expect(root.name).to.equal(way === 'fastify' ? 'GET /call/:id' : 'GET')
      expect(root.attributes).to.include({ 'url.path': '/call/1', 'client.address': '127.0.0.1' })
      const client = spans.find(({ kind }) => kind === 3)!
      expect(client.parentSpanId).to.equal(root.spanId)
      const leaf = spans.find(({ parentSpanId }) => parentSpanId === client.spanId)!
      expect(leaf.attributes['url.path']).to.equal('/leaf')
      expect(spans.map(({ traceState }) => traceState)).to.include('vendor=1')
    })
  }

  it('keeps a failed request at any ratio', async () => {
    await run('compat', async (app) => {
      await ask(app, '/fail')
      await ask(app, '/fine')
    })
    await until('a span', () => receiver.spans().length > 0)
    const servers = receiver.spans().filter(({ kind }) => kind === 2)
    expect(servers.map(({ attributes }) => attributes['url.path'])).to.deep.equal(['/fail'])
    expect(servers[0]!.status).to.equal(2)
  })
})
