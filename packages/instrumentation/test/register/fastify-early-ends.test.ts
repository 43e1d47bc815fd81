import { request } from 'node:http'
import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver, type ReceivedPoint } from './otlp-receiver.ts'

/** Routes of the app, by the method that they are asked with and the status that ends them. */
const ENDS: readonly (readonly [method: string, route: string, status: number])[] = [
  ['GET', '/instance-onRequest', 401],
  ['GET', '/instance-preValidation', 402],
  ['GET', '/instance-preHandler', 403],
  ['GET', '/route-onRequest', 401],
  ['GET', '/route-preValidation', 402],
  ['GET', '/route-preHandler', 403],
  ['GET', '/instance-preParsing', 422],
  ['GET', '/limited', 429],
  ['GET', '/checked', 400],
  ['POST', '/body', 400],
  ['GET', '/other-arguments', 200],
]

describe('a request that Fastify ends before its handler', () => {
  let receiver: OtlpReceiver
  let app: AppProcess | undefined
  let points: ReceivedPoint[]
  let stderr: string

  before(async () => {
    receiver = await OtlpReceiver.start()
    app = new AppProcess('fastify-early-ends.mjs', {
      preload: '--import',
      environment: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_TRACES_EXPORTER: 'none' },
    })
    const url = await app.listening()
    for (const [method, route] of ENDS) {
      const body =
        method === 'POST' ? { body: '{', headers: { 'content-type': 'application/json' } } : {}
      await (await fetch(`${url}${route}/seven`, { method, ...body })).text()
    }
    const left = request(`${url}/left/1`).end()
    left.on('error', () => {})
    await until('the hook', () => app?.stdout.includes('waiting') === true)
    left.destroy()
    const served = () => receiver.points('http.server.request.duration')
    await until(
      'all requests',
      () => served().reduce((sum, { count = 0 }) => sum + count, 0) === ENDS.length + 1,
    )
    points = served()
    app.child.kill('SIGTERM')
    stderr = (await app.ended).stderr
  })

  after(() => {
    app?.child.kill('SIGKILL')
    receiver.stop()
  })

  for (const [method, route, status] of ENDS) {
    it(`is counted for its route: ${method} ${route}, ${status}`, () => {
      const ofRoute = points.filter(({ attributes }) => attributes['http.route'] === `${route}/:id`)
      expect(
        ofRoute.map(({ attributes }) => attributes['http.response.status_code']),
      ).to.deep.equal([status])
    })
  }

  it('is counted for its route when its client leaves', () => {
    const left = points.find(({ attributes }) => attributes['http.route'] === '/left/:id')
    expect(left?.attributes['error.type']).to.equal('aborted')
  })

  it('says nothing', () => {
    expect(stderr).to.equal('')
  })
})
