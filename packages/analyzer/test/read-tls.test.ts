import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client, credentials } from '@grpc/grpc-js'
import { expect } from 'chai'
import { ChokepointError, parseConfig, type RunningAnalyzer, startAnalyzer } from '../src/index.ts'
import { gauge, request as otlpRequest } from './store/otlp-bytes.ts'

const EXPORT = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'

describe('auth.tls', () => {
  let folder: string
  let running: RunningAnalyzer | undefined
  const path = (name: string) => join(folder, name)
  const pem = (name: string) => readFileSync(path(name))

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-tls-'))
    makeCa('ca')
    makeCertificate('server', 'ca')
    makeCertificate('client', 'ca')
    makeCa('stranger-ca')
    makeCertificate('stranger', 'stranger-ca')
    writeFileSync(path('text.pem'), 'no certificate')
  })

  after(() => rmSync(folder, { recursive: true }))

  afterEach(async () => {
    await running?.close()
    running = undefined
  })

  function openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  }

  function makeCa(name: string): void {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const out = ['-keyout', `${name}.key`, '-out', `${name}.pem`]
    openssl('req', '-x509', ...key, ...out, '-days', '2', '-subj', `/CN=${name}`)
  }

  function makeCertificate(name: string, ca: string): void {
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
    const out = ['-keyout', `${name}.key`, '-out', `${name}.pem`]
    const signed = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`]
    const names = ['-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost']
    const subject = ['-days', '2', '-subj', `/CN=${name}`]
    openssl('req', '-x509', ...key, ...out, ...signed, ...names, ...subject)
  }

  async function start(tls: string): Promise<RunningAnalyzer> {
    const text = `
listen: { host: 127.0.0.1, otlpHttp: 0, otlpGrpc: 0, api: 0 }
auth: { tls: ${tls} }
`
    const config = parseConfig(text, path('chokepoint.yaml'), {})
    running = await startAnalyzer(config, { memory: true })
    return running
  }

  /** Status and body of one HTTPS request; a client name shows that client's certificate. */
  function ask(url: string, client?: string, body?: Uint8Array): Promise<[number, string]> {
    return new Promise((resolve, reject) => {
      const one = request(
        url,
        {
          agent: false,
          ca: pem('ca.pem'),
          ...(client && { cert: pem(`${client}.pem`), key: pem(`${client}.key`) }),
          method: body ? 'POST' : 'GET',
          headers: body ? { 'content-type': 'application/x-protobuf' } : {},
        },
        (response) => {
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (chunk: string) => {
            text += chunk
          })
          response.on('end', () => resolve([response.statusCode ?? 0, text]))
        },
      )
      one.on('error', reject)
      one.end(body)
    })
  }

  function exportByGrpc(port: number, client?: string): Promise<Buffer> {
    const identity = client ? [pem(`${client}.key`), pem(`${client}.pem`)] : []
    const channel = new Client(
      `127.0.0.1:${port}`,
      credentials.createSsl(pem('ca.pem'), identity[0], identity[1]),
    )
    const same = (bytes: Buffer) => bytes
    const deadline = Date.now() + 5000
    const body = Buffer.from(temperature('by_grpc'))
    return new Promise<Buffer>((resolve, reject) => {
      channel.makeUnaryRequest(EXPORT, same, same, body, { deadline }, (error, answer) => {
        if (error) reject(error)
        else resolve(answer!)
      })
    }).finally(() => channel.close())
  }

  async function names(analyzer: RunningAnalyzer, client?: string): Promise<unknown> {
    const url = `${analyzer.url}/api/v1/label/__name__/values`
    return JSON.parse((await ask(url, client))[1]).data
  }

  it('serves OTLP/HTTP, OTLP/gRPC, the API and OTLP on the API port over TLS', async () => {
    const analyzer = await start('{ cert: server.pem, key: server.key }')
    const { otlpHttp, otlpGrpc, api } = analyzer.ports
    expect(analyzer.url).to.equal(`https://127.0.0.1:${api}`)
    const http = await ask(
      `https://127.0.0.1:${otlpHttp}/v1/metrics`,
      undefined,
      temperature('by_http'),
    )
    expect(http[0]).to.equal(200)
    const onApi = `${analyzer.url}/api/v1/otlp/v1/metrics`
    expect((await ask(onApi, undefined, temperature('by_api')))[0]).to.equal(200)
    await exportByGrpc(otlpGrpc)
    expect(await names(analyzer)).to.include.members(['by_api', 'by_grpc', 'by_http'])
    const inTheClear = await fetch(`http://127.0.0.1:${api}/-/healthy`).catch(() => 'refused')
    expect(inTheClear).to.equal('refused')
  })

  it('lets in only who shows a certificate of clientCa', async () => {
    const analyzer = await start('{ cert: server.pem, key: server.key, clientCa: ca.pem }')
    const { otlpHttp, otlpGrpc } = analyzer.ports
    const otlp = `https://127.0.0.1:${otlpHttp}/v1/metrics`
    expect((await ask(otlp, 'client', temperature('by_http')))[0]).to.equal(200)
    await exportByGrpc(otlpGrpc, 'client')
    expect(await names(analyzer, 'client')).to.include.members(['by_grpc', 'by_http'])
    for (const client of [undefined, 'stranger']) {
      for (const url of [otlp, `${analyzer.url}/-/healthy`]) {
        expect(await ask(url, client).catch((error: Error) => error)).to.be.instanceOf(Error)
      }
      const refused = await exportByGrpc(otlpGrpc, client).catch((error: Error) => error)
      expect(refused).to.be.instanceOf(Error)
    }
  })

  const bad = [
    [
      'absent',
      '{ cert: absent.pem, key: server.key }',
      'auth.tls.cert: cannot read F/absent.pem: ENOENT',
    ],
    [
      'no certificate',
      '{ cert: text.pem, key: server.key }',
      'auth.tls.cert: F/text.pem is no certificate in PEM: ',
    ],
    [
      'no key',
      '{ cert: server.pem, key: text.pem }',
      'auth.tls.key: F/text.pem is no private key in PEM: ',
    ],
    [
      'of another certificate',
      '{ cert: server.pem, key: client.key }',
      'auth.tls.key: F/client.key is not the key of the certificate F/server.pem',
    ],
    [
      'no CA',
      '{ cert: server.pem, key: server.key, clientCa: text.pem }',
      'auth.tls.clientCa: F/text.pem is no certificate in PEM: ',
    ],
  ] as const
  for (const [what, tls, message] of bad) {
    it(`names the file that is ${what}, and does not start`, async () => {
      const error = await start(tls).catch((error: unknown) => error)
      expect(error).to.be.instanceOf(ChokepointError).with.property('code', 'CONFIG_INVALID')
      expect((error as Error).message).to.contain(message.replaceAll('F/', `${folder}/`))
    })
  }
})

function temperature(name: string): Uint8Array {
  return otlpRequest([gauge(name, [Date.now(), 21])])
}
