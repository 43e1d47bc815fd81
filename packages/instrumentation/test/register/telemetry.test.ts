import { PGlite } from '@electric-sql/pglite'
import { PGLiteSocketServer } from '@electric-sql/pglite-socket'
import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CALLER = 'b7ad6b7169203331'

describe('an app under the preload', () => {
  let receiver: OtlpReceiver
  let database: PGLiteSocketServer
  let databasePort = ''

  before(async () => {
    receiver = await OtlpReceiver.start()
    database = new PGLiteSocketServer({ db: await PGlite.create(), port: 0, host: '127.0.0.1' })
    await database.start()
    databasePort = database.getServerConn().split(':')[1]!
  })

  after(async () => {
    receiver.stop()
    await database.stop()
  })

  beforeEach(() => receiver.clear())

  /** Ends an app by SIGTERM, once its watch thread is up: an app that lives a moment only has nothing to tell. */
  async function end(app: AppProcess): Promise<void> {
    await until('an export', () => receiver.points('http.server.request.duration').length > 0)
    app.child.kill('SIGTERM')
    await app.ended
  }

  const start = (
    file: string,
    preload: '--import' | '--require',
    environment: Record<string, string> = {},
  ): AppProcess =>
    new AppProcess(file, {
      preload,
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        DATABASE_PORT: databasePort,
        ...environment,
      },
    })

  for (const preload of ['--import', '--require'] as const) {
    it(`with Fastify as an ES module (${preload}) tells its routes, its calls and its queries`, async () => {
      const app = start('fastify-app.mjs', preload)
      const url = await app.listening()
      const port = Number(new URL(url).port)
      for (const path of ['/items/1', '/items/2?x=1', '/call', '/db', '/fail', '/no/such']) {
        await (await fetch(url + path)).text()
      }
      await end(app)

      const served = new Map(
        receiver
          .points('http.server.request.duration')
          .map(({ attributes, count }) => [
            `${attributes['http.route']} ${attributes['http.response.status_code']}`,
            count,
          ]),
      )
      expect(Object.fromEntries(served)).to.deep.equal({
        '/items/:id 200': 5,
        '/call 200': 1,
        '/db 200': 1,
        '/fail 500': 1,
        'undefined 404': 1,
      })
      expect(
        receiver.points('http.client.request.duration').map(({ attributes, count }) => ({
          port: attributes['server.port'],
          count,
        })),
      ).to.deep.equal([{ port, count: 3 }])
      const calls = receiver.points('request.child.calls').map(({ attributes, value }) => ({
        route: attributes['http.route'],
        shape: attributes['call.shape'],
        value,
      }))
      expect(calls).to.have.deep.members([
        { route: '/call', shape: 'GET /items/{}', value: 3 },
        { route: '/db', shape: 'SELECT ?::int AS id', value: 5 },
        { route: '/db', shape: 'SELECT ? AS one WHERE ? = ?', value: 1 },
      ])
      const pool = receiver.points('db.client.connection.limit')
      expect(pool.map(({ value }) => value)).to.deep.equal([1])
      const waits = receiver.points('db.client.connection.wait_time').map(({ count }) => count)
      expect(waits).to.include(6)
    })
  }

  for (const [way, path] of [
    ['in the callbacks', '/db-twice'],
    ['behind the promises', '/db-awaited'],
  ]) {
    it(`keeps the context of each request ${way} of a pooled connection`, async () => {
      const app = start('express-app.cjs', '--require')
      const url = await app.listening()
      const numbers = Array.from({ length: 12 }, (_, number) => String(number))
      const seen = await Promise.all(
        numbers.map(async (number) => (await fetch(`${url}${path}/${number}`)).json()),
      )
      await end(app)
      expect(seen).to.deep.equal(numbers.map((number) => [number, number]))
      const calls = receiver
        .points('request.child.calls')
        .filter(({ attributes }) => attributes['http.route'] === `${path}/:number`)
        .map(({ attributes, value }) => [attributes['call.shape'], value])
      expect(calls).to.have.deep.members([['SELECT ?', 2 * numbers.length]])
    })
  }

  it('with Express as CommonJS tells the whole template of nested routers, and a query by callback', async () => {
    const app = start('express-app.cjs', '--require')
    const url = await app.listening()
    for (const path of ['/api/shops/1/items/2', '/api', '/two', '/out', '/db', '/db-fails']) {
      await (await fetch(url + path)).text()
    }
    await end(app)
    const routes = receiver
      .points('http.server.request.duration')
      .map(({ attributes }) => attributes['http.route'])
    expect(routes).to.have.members([
      '/api/shops/:shop/items/:item',
      '/api',
      '/one,/two',
      '/out',
      '/db',
      '/db-fails',
    ])
    const errors = receiver
      .points('db.client.operation.duration')
      .map(({ attributes }) => attributes['error.type'])
    expect(errors).to.have.members([undefined, '42P01'])
  })

  it('splits the time of a request by what it waited for, and the parts add up', async () => {
    const app = start('fastify-app.mjs', '--import')
    const url = await app.listening()
    for (const path of ['/sleep', '/work', '/db']) await (await fetch(url + path)).text()
    await end(app)
    const split = receiver.points('request.time.split')
    const part = (route: string, kind: string): number =>
      split
        .filter(({ attributes }) => attributes['http.route'] === route)
        .filter(({ attributes }) => attributes['wait.kind'] === kind)
        .reduce((total, { value }) => total + value, 0)
    // Wide bounds: on a busy machine a process waits for a processor, and that counts as active.
    expect(part('/sleep', 'other')).to.be.within(0.02, 5)
    expect(part('/work', 'cpu')).to.be.within(0.055, 5)
    expect(part('/work', 'other')).to.be.below(0.05)
    expect(part('/db', 'db')).to.be.above(0)
    expect(part('/db', 'pool')).to.be.above(0)
    for (const { attributes, value } of receiver.points('http.server.request.duration')) {
      const total = split
        .filter((point) => point.attributes['http.route'] === attributes['http.route'])
        .reduce((sum, point) => sum + point.value, 0)
      // What is below 50 microseconds a request is left out.
      expect(total).to.be.within(value - 0.0002, value + 1e-9)
    }
  })

  it('keeps the whole trace of a sampled caller, and hands it on', async () => {
    const app = start('fastify-app.mjs', '--import', { OTEL_TRACES_SAMPLER_ARG: '0' })
    const url = await app.listening()
    const headers = { traceparent: `00-${TRACE}-${CALLER}-01` }
    await (await fetch(`${url}/call`, { headers })).text()
    await (await fetch(`${url}/items/8`)).text()
    await end(app)
    const spans = receiver.spans().filter(({ traceId }) => traceId === TRACE)
    const root = spans.find(({ parentSpanId }) => parentSpanId === CALLER)!
    expect(root.name).to.equal('GET /call')
    const clients = spans.filter(({ parentSpanId }) => parentSpanId === root.spanId)
    expect(clients.map(({ name, kind }) => `${name} ${kind}`)).to.deep.equal([
      'GET 3',
      'GET 3',
      'GET 3',
    ])
    const servers = spans.filter(({ name }) => name === 'GET /items/:id')
    expect(servers.map(({ parentSpanId }) => parentSpanId)).to.have.members(
      clients.map(({ spanId }) => spanId),
    )
    const own = receiver.spans().filter(({ attributes }) => attributes['url.path'] === '/items/8')
    expect(own).to.deep.equal([])
  })

  it('begins a trace where none came in, the same here and at whoever is called', async () => {
    const app = start('fastify-app.mjs', '--import', { OTEL_TRACES_SAMPLER: 'always_on' })
    const url = await app.listening()
    await (await fetch(`${url}/call`)).text()
    await end(app)
    const spans = receiver.spans()
    const servers = spans.filter(({ kind }) => kind === 2)
    expect(servers).to.have.length(4)
    expect(new Set(spans.map(({ traceId }) => traceId)).size).to.equal(1)
    const root = servers.find(({ name }) => name === 'GET /call')!
    const clients = spans.filter(({ parentSpanId }) => parentSpanId === root.spanId)
    const called = servers.filter((span) => span !== root)
    expect(called.map(({ parentSpanId }) => parentSpanId)).to.have.members(
      clients.map(({ spanId }) => spanId),
    )
  })

  it('neither reads nor writes trace context when OTEL_PROPAGATORS is none', async () => {
    const app = start('fastify-app.mjs', '--import', {
      OTEL_PROPAGATORS: 'none',
      OTEL_TRACES_SAMPLER: 'always_on',
    })
    const url = await app.listening()
    const headers = { traceparent: `00-${TRACE}-${CALLER}-01` }
    await (await fetch(`${url}/call`, { headers })).text()
    await end(app)
    const servers = receiver.spans().filter(({ kind }) => kind === 2)
    expect(servers).to.have.length(4)
    expect(new Set(servers.map(({ traceId }) => traceId)).size).to.equal(4)
    expect(servers.map(({ traceId }) => traceId)).to.not.include(TRACE)
  })

  it('keeps a failed request at any ratio, with the spans and instruments of the app in it', async () => {
    const app = start('otel-app.mjs', '--import', { OTEL_TRACES_SAMPLER_ARG: '0' })
    const url = await app.listening()
    await (await fetch(`${url}/fail`)).text()
    await until("the app's counter", () => receiver.points('shop.orders').length > 0)
    await end(app)
    expect(receiver.points('shop.orders')[0]).to.deep.include({
      value: 2,
      attributes: { kind: 'book' },
    })
    const root = receiver.spans().find(({ attributes }) => attributes['url.path'] === '/fail')!
    expect(root.status).to.equal(2)
    const inside = receiver.spans().filter(({ traceId }) => traceId === root.traceId)
    const named = new Map(inside.map((span) => [span.name, span]))
    expect(named.get('reserve')!.parentSpanId).to.equal(root.spanId)
    expect(named.get('lock')!.parentSpanId).to.equal(named.get('reserve')!.spanId)
    expect(named.get('pricing quote')!.parentSpanId).to.equal(named.get('reserve')!.spanId)
    expect(named.get('lock')!.attributes).to.deep.equal({ shelf: 7 })
    const component = receiver.points('component.operation.duration')
    expect(component[0]!.attributes).to.deep.equal({
      'component.name': 'pricing',
      'operation.name': 'quote',
    })
  })

  it('that is over before the watch thread has begun ends as it would have', async () => {
    const app = start('short-job.mjs', '--import')
    const { code, stdout } = await app.ended
    expect({ code, stdout }).to.deep.equal({ code: 0, stdout: 'done\n' })
  })
})
