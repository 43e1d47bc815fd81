import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver, type ReceivedPoint } from './otlp-receiver.ts'

const FRAMEWORKS = ['express', 'fastify', 'koa', 'hapi', 'nest']
const PATHS = ['items/1', 'items/2', 'broken', 'no/such/7', 'unknown']

describe('frameworks', () => {
  for (const system of ['cjs', 'mjs']) {
    describe(system === 'cjs' ? 'that are required' : 'that are imported', () => {
      let points: ReceivedPoint[]
      let components: ReceivedPoint[]
      let stderr: string

      before(async () => {
        const receiver = await OtlpReceiver.start()
        const app = new AppProcess(`framework-app.${system}`, {
          preload: '--import',
          environment: {
            OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
            FRAMEWORKS: FRAMEWORKS.join(),
          },
        })
        await until('the ports', () => app.stdout.includes('ports') || app.child.exitCode !== null)
        const ports = JSON.parse(/ports (.*)/.exec(app.stdout)?.[1] ?? '{}') as Record<
          string,
          number
        >
        for (const [name, port] of Object.entries(ports)) {
          for (const path of PATHS) {
            await (await fetch(`http://127.0.0.1:${port}/${name}/${path}`)).text()
          }
        }
        const served = (): ReceivedPoint[] => receiver.points('http.server.request.duration')
        const asked = FRAMEWORKS.length * PATHS.length
        await until('all', () => served().reduce((sum, { count }) => sum + count, 0) === asked)
        points = served()
        components = receiver.points('component.operation.duration')
        app.child.kill('SIGTERM')
        stderr = (await app.ended).stderr
        receiver.stop()
      })

      for (const name of FRAMEWORKS) {
        it(`tell the template of the route: ${name}`, () => {
          const routes = points
            .filter(({ attributes }) => String(attributes['http.route']).startsWith(`/${name}/`))
            .map(({ attributes, count }) => {
              const { 'http.route': route, 'http.response.status_code': status } = attributes
              return `${route} ${status}: ${count}`
            })
          const id = name === 'hapi' ? '{id}' : ':id'
          expect(routes).to.have.members([`/${name}/items/${id} 200: 2`, `/${name}/broken 500: 1`])
        })
      }

      it('put unknown paths into one bucket', () => {
        const unknown = points.filter(({ attributes }) => attributes['http.route'] === undefined)
        expect(unknown.map(({ attributes, count }) => [attributes, count])).to.deep.equal([
          [
            {
              'http.request.method': 'GET',
              'url.scheme': 'http',
              'http.response.status_code': 404,
            },
            2 * FRAMEWORKS.length,
          ],
        ])
      })

      it('show each controller of Nest as a component', () => {
        const told = components.map(({ attributes, count }) => [
          attributes['component.name'],
          attributes['operation.name'],
          attributes['error.type'],
          count,
        ])
        expect(told).to.have.deep.members([
          ['Items', 'find', undefined, 2],
          ['Items', 'broken', 'TypeError', 1],
        ])
      })

      it('say nothing', () => {
        expect(stderr).to.equal('')
      })
    })
  }
})
