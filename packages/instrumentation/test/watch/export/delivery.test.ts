import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { until } from '../../../../../tools/testing/until.ts'
import { HistogramRecorder } from '../../../src/shared/histogram-recorder.ts'
import { recordedInstrument } from '../../../src/shared/recorded-instruments.ts'
import type { OtlpRequest } from '../otlp-receiver.ts'
import type { Watched } from '../watched.ts'
import { WatchedSuite } from '../watched-suite.ts'

const COMPONENT = 'component.operation.duration'

describe('delivery', () => {
  const suite = new WatchedSuite()

  function recordOne({ writer }: Watched): void {
    const recorder = new HistogramRecorder(writer, recordedInstrument(COMPONENT))
    recorder.record(recorder.intern({ 'component.name': 'x', 'operation.name': 'y' }), 0.001)
  }

  it('of deltas loses nothing: what was not taken is in the next report', async () => {
    let refusals = 0
    suite.receiver.answer = (response) => {
      // Each report is tried for as long as the interval: some tries of one, then others.
      if (refusals++ < 4) response.writeHead(503).end()
      else response.end('{}')
    }
    const started = await suite.watch({
      OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'delta',
    })
    for (let count = 0; count < 30; count++) {
      recordOne(started)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const taken = () =>
      suite.receiver.metricRequests.length > 4
        ? suite.receiver.requests
            .filter(({ path }) => path === '/v1/metrics')
            .slice(4)
            .flatMap(({ body }) => countsIn(body))
            .reduce((sum, count) => sum + count, 0)
        : 0
    await until('all thirty, once each', () => taken() === 30)
  })

  const answers: [string, (response: ServerResponse, request: OtlpRequest) => void, RegExp][] = [
    [
      'a redirect, which is not followed',
      (response) => response.writeHead(307, { location: '/elsewhere' }).end(),
      /metrics were refused by .*: HTTP status 307/,
    ],
    [
      'an answer that never ends',
      (response) => {
        response.writeHead(200).write('{')
      },
      /no answer within/,
    ],
    ['nothing at all and a lost connection', (response) => response.destroy(), /cannot be sent/],
  ]
  for (const [what, answer, told] of answers) {
    it(`outlives ${what}`, async () => {
      suite.receiver.answer = answer
      const started = await suite.watch({ OTEL_EXPORTER_OTLP_TIMEOUT: '150' })
      await until('the warning', () => started.warnings.length > 0)
      expect(started.warnings[0]).to.match(told)
      expect(suite.receiver.requests.map(({ path }) => path)).to.not.include('/elsewhere')
      const before = suite.receiver.metricRequests.length
      suite.receiver.answer = (response) => response.end('{}')
      await until('further reports', () => suite.receiver.metricRequests.length > before + 1)
      expect(started.warnings).to.have.length(1)
    })
  }

  it('takes an answer of any size, and keeps none of it', async () => {
    suite.receiver.answer = (response) => {
      response.on('error', () => undefined)
      const piece = Buffer.alloc(1024 * 1024)
      const write = (left: number): void => {
        if (left === 0) response.end()
        else response.write(piece, () => write(left - 1))
      }
      write(64)
    }
    const started = await suite.watch()
    await until('five reports', () => suite.receiver.metricRequests.length >= 5)
    expect(started.warnings).to.deep.equal([])
  })

  it('waits as long as Retry-After says', async () => {
    const atMs: number[] = []
    suite.receiver.answer = (response, { path }) => {
      if (path !== '/v1/traces') return void response.end('{}')
      atMs.push(performance.now())
      if (atMs.length === 1) response.writeHead(429, { 'retry-after': '1' })
      response.end('{}')
    }
    const started = await suite.watch({ OTEL_BSP_SCHEDULE_DELAY: '20' })
    const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), name: 'x', kind: 0 }
    const rest = { startMs: 1, endMs: 2, attributes: {}, status: 0, scope: 't' }
    started.send({ type: 'spans', json: JSON.stringify([{ ...span, ...rest }]), count: 1 })
    await until('the second try', () => atMs.length === 2)
    expect(atMs[1]! - atMs[0]!).to.be.within(950, 30_000)
  })

  describe('over TLS', () => {
    let folder: string
    let server: Server | undefined
    const path = (name: string) => join(folder, name)

    before(() => {
      folder = mkdtempSync(join(tmpdir(), 'chokepoint-tls-'))
      for (const name of ['ca', 'stranger']) makeCa(name)
      for (const name of ['server', 'client']) makeCertificate(name)
    })
    after(() => rmSync(folder, { recursive: true }))
    afterEach(() => {
      server?.closeAllConnections()
      server?.close()
    })

    function openssl(...args: string[]): void {
      execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
    }

    function makeCa(name: string): void {
      const subject = ['-subj', `/CN=${name}`, '-days', '2', '-nodes']
      openssl(
        'req',
        '-x509',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        ...subject,
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.pem`,
      )
    }

    function makeCertificate(name: string): void {
      openssl(
        'req',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-subj',
        `/CN=${name}`,
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
      )
      writeFileSync(path('san.txt'), 'subjectAltName=DNS:localhost,IP:127.0.0.1')
      openssl(
        'x509',
        '-req',
        '-in',
        `${name}.csr`,
        '-CA',
        'ca.pem',
        '-CAkey',
        'ca.key',
        '-CAcreateserial',
        '-days',
        '2',
        '-extfile',
        'san.txt',
        '-out',
        `${name}.pem`,
      )
    }

    async function serve(): Promise<{ endpoint: string; clients: string[] }> {
      const clients: string[] = []
      const [key, cert, ca] = ['server.key', 'server.pem', 'ca.pem'].map((name) =>
        readFileSync(path(name)),
      )
      server = createServer({ key, cert, ca, requestCert: true }, (request, response) => {
        clients.push(
          (
            request.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }
          ).getPeerCertificate().subject.CN,
        )
        request.resume().on('end', () => response.end('{}'))
      })
      await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
      return { endpoint: `https://localhost:${(server.address() as AddressInfo).port}`, clients }
    }

    it('trusts the given authority and shows its own certificate', async () => {
      const { endpoint, clients } = await serve()
      const started = await suite.watch({
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_EXPORTER_OTLP_CERTIFICATE: path('ca.pem'),
        OTEL_EXPORTER_OTLP_CLIENT_KEY: path('client.key'),
        OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: path('client.pem'),
      })
      await until('a report', () => clients.length > 0)
      expect(clients[0]).to.equal('client')
      expect(started.warnings).to.deep.equal([])
    })

    it('sends nothing to a stranger, nor with a file that cannot be read', async () => {
      const { endpoint, clients } = await serve()
      const files: [string, RegExp][] = [
        ['stranger.pem', /certificate|issuer/],
        ['absent.pem', /ENOENT/],
      ]
      for (const [file, told] of files) {
        const started = await suite.watch({
          OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
          OTEL_EXPORTER_OTLP_CERTIFICATE: path(file),
        })
        await until('the warning', () => started.warnings.length > 0)
        expect(started.warnings[0]).to.match(told)
        await started.end()
      }
      expect(clients).to.deep.equal([])
    })
  })
})

/** The counts of the histogram of components in one request. */
function countsIn(body: Buffer): number[] {
  const request = JSON.parse(body.toString()) as {
    resourceMetrics: {
      scopeMetrics: {
        metrics: { name: string; histogram?: { dataPoints: { count: number }[] } }[]
      }[]
    }[]
  }
  return request.resourceMetrics
    .flatMap(({ scopeMetrics }) => scopeMetrics)
    .flatMap(({ metrics }) => metrics)
    .filter(({ name }) => name === COMPONENT)
    .flatMap(({ histogram }) => histogram!.dataPoints.map(({ count }) => Number(count)))
}
