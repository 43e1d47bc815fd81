import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { expect } from 'chai'
import { spawnTied } from '../../../../tools/testing/tied-process.ts'

const built = (file: string) =>
  new URL(`../../../instrumentation/dist/${file}`, import.meta.url).href

const WAYS: Readonly<Record<string, string>> = {
  'by an empty loop': '',
  'by process.exit': 'process.exit(7)',
  'by an uncaught error': 'throw new Error("on purpose")',
  'by SIGTERM': 'process.kill(process.pid, "SIGTERM")',
}

describe('a script of 200 ms under the built preload', function () {
  // A machine that is busy beyond measure may need longer than the second and a half that an end waits at most.
  this.retries(4)
  let server: Server
  let told: string[]

  beforeEach(async () => {
    told = []
    server = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', (chunk: Buffer) => chunks.push(chunk))
      request.on('end', () => {
        told.push(gunzipSync(Buffer.concat(chunks)).toString())
        response.setHeader('content-type', 'application/json').end('{}')
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterEach(() => {
    server.closeAllConnections()
    server.close()
  })

  for (const [how, end] of Object.entries(WAYS)) {
    it(`has told what it measured, gzipped, when it ends ${how}`, async () => {
      const script = `
        import { component } from '${built('index.js')}'
        component('script').record('run', 5)
        setTimeout(() => { ${end} }, 200)`
      const child = spawnTied(
        process.execPath,
        ['--import', built('register.js'), '--input-type=module', '-e', script],
        {
          stdio: 'ignore',
          env: {
            PATH: process.env.PATH,
            OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
            OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
            OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
            OTEL_METRICS_EXPORTER: 'otlp',
            OTEL_METRIC_EXPORT_INTERVAL: '60000',
          },
        },
      )
      await new Promise((resolve) => child.once('exit', resolve))
      expect(told.some((body) => body.includes('component.operation.duration'))).to.equal(true)
    })
  }
})
