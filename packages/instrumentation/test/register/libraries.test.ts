import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:net'
import { expect } from 'chai'
import { AppProcess, until } from './app-process.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A real Redis, when the machine has one. */
async function startRedis(port: number): Promise<ChildProcess | undefined> {
  const redis = spawn('redis-server', ['--port', String(port), '--save', '', '--bind', '127.0.0.1'])
  let output = ''
  let failed = false
  redis.on('error', () => {
    failed = true
  })
  redis.stdout.on('data', (chunk) => {
    output += chunk
  })
  await until(() => failed || /Ready to accept/.test(output), 'Redis')
  return failed ? undefined : redis
}

describe('libraries that are observed by instrumentations of OpenTelemetry', function () {
  this.timeout(60_000)

  it('tell routes (Koa) and calls (ioredis), which count as parts of the request', async function () {
    const port = await freePort()
    const redis = await startRedis(port)
    if (redis === undefined) return this.skip()
    const receiver = await OtlpReceiver.start()
    try {
      const app = new AppProcess('koa-app.cjs', {
        preload: '--import',
        environment: {
          OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
          OTEL_TRACES_SAMPLER: 'always_on',
          REDIS_PORT: String(port),
        },
      })
      const url = await app.listening()
      for (const cart of [1, 2, 3]) {
        expect(await (await fetch(`${url}/carts/${cart}`)).json()).to.deep.equal({ cart: 'full' })
      }
      await until(
        () => receiver.points('http.server.request.duration')[0]?.count === 3,
        'three requests',
      )
      app.child.kill('SIGTERM')
      expect((await app.ended).stderr).to.equal('')
      const [served] = receiver.points('http.server.request.duration')
      expect(served!.attributes['http.route']).to.equal('/carts/:cart')
      const calls = receiver.points('request.child.calls').map(({ attributes, count }) => ({
        kind: attributes['call.kind'],
        shape: attributes['call.shape'],
        count,
      }))
      expect(calls).to.have.deep.members([
        { kind: 'cache', shape: 'SET', count: 3 },
        { kind: 'cache', shape: 'GET', count: 3 },
      ])
      const kinds = receiver.points('request.time.split').map(({ attributes }) => attributes)
      expect(kinds.map((attributes) => attributes['wait.kind'])).to.include('cache')
      const root = receiver.spans().find(({ kind }) => kind === 2)!
      const inside = receiver.spans().filter(({ traceId }) => traceId === root.traceId)
      expect(inside.map(({ name }) => name)).to.include.members(['set', 'get'])
    } finally {
      receiver.stop()
      redis.kill()
    }
  })
})
