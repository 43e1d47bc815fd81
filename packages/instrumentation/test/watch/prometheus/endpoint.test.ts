import { once } from 'node:events'
import { connect } from 'node:net'
import { expect } from 'chai'
import fc from 'fast-check'
import { type MetricsEndpoint, serveMetrics } from '../../../src/watch/prometheus/endpoint.ts'

describe('/metrics', () => {
  let endpoint: MetricsEndpoint
  let warnings: string[]
  let scrape: (format: string) => Promise<string>

  beforeEach(async () => {
    warnings = []
    scrape = async (format) => `# ${format}\n`
    const settings = { host: '127.0.0.1', port: 0 }
    endpoint = await serveMetrics(
      settings,
      (format) => scrape(format),
      (line) => warnings.push(line),
    )
  })

  afterEach(() => endpoint.close())

  const url = () => `http://127.0.0.1:${endpoint.address!.port}`

  /** Sends bytes as they are and returns all that comes back until the connection ends or is silent. */
  async function send(bytes: string | Uint8Array): Promise<string> {
    const socket = connect(endpoint.address!.port, '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk) => {
      answer += chunk
    })
    socket.on('error', () => undefined)
    await once(socket, 'connect')
    socket.end(bytes)
    await Promise.race([once(socket, 'close'), new Promise((resolve) => setTimeout(resolve, 300))])
    socket.destroy()
    return answer
  }

  it('answers with the text format, and with OpenMetrics to those who ask', async () => {
    const plain = await fetch(`${url()}/metrics`)
    expect(plain.headers.get('content-type')).to.equal('text/plain; version=0.0.4; charset=utf-8')
    expect(await plain.text()).to.equal('# text\n')
    const accept =
      'application/openmetrics-text;version=1.0.0;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'
    const open = await fetch(`${url()}/metrics?x=1`, { headers: { accept } })
    expect(open.headers.get('content-type')).to.match(/^application\/openmetrics-text; version=1/)
    expect(await open.text()).to.equal('# openmetrics\n')
  })

  it('compresses what is long, for those who take it', async () => {
    scrape = async () => 'x'.repeat(10_000)
    const answer = await fetch(`${url()}/metrics`, { headers: { 'accept-encoding': 'gzip' } })
    expect(answer.headers.get('content-encoding')).to.equal('gzip')
    expect(await answer.text()).to.have.length(10_000)
    const refused = { 'accept-encoding': 'gzip;q=0' }
    const plain = await fetch(`${url()}/metrics`, { headers: refused })
    expect(plain.headers.get('content-encoding')).to.equal(null)
  })

  it('knows no other path and no other method', async () => {
    expect((await fetch(`${url()}/`)).status).to.equal(404)
    const post = await fetch(`${url()}/metrics`, { method: 'POST', body: 'x'.repeat(100_000) })
    expect(post.status).to.equal(405)
    expect(post.headers.get('allow')).to.equal('GET, HEAD')
    const head = await fetch(`${url()}/metrics`, { method: 'HEAD' })
    expect(head.headers.get('content-length')).to.equal('7')
  })

  it('outlives a scrape that fails', async () => {
    scrape = async () => {
      throw new Error('no metrics today')
    }
    await fetch(`${url()}/metrics`).catch(() => undefined)
    scrape = async () => 'again\n'
    expect(await (await fetch(`${url()}/metrics`)).text()).to.equal('again\n')
    expect(warnings).to.deep.equal(['cannot answer a request: no metrics today'])
  })

  // A request target that no URL parser takes has crashed such an endpoint before: CVE-2026-44902.
  const malformed = [
    'GET // HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET http://[::1 HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET http://a:99999999/metrics HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET http://%zz/metrics?by=%zz HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET * HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET /metrics HTTP/1.1\r\nHost: [\r\nAccept: ;;;q=,\r\nAccept-Encoding: ,;q\r\n\r\n',
    'GET /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'GET /metrics HTTP/1.1\r\nHost: \u0000\r\n\r\n',
    'GET /metrics HTTP/9.9\r\n\r\n',
    'GET\r\n\r\n',
    '\r\n\r\n\r\n',
    'CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n',
    'GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
    `GET /metrics HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`,
    'POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    'POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n',
    '\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003',
  ]
  for (const [index, bytes] of malformed.entries()) {
    it(`outlives the malformed request ${index + 1}: ${JSON.stringify(bytes.slice(0, 40))}`, async () => {
      const answer = await send(bytes)
      expect(answer === '' || /^HTTP\/1\.1 (200|400|404|405|431)/.test(answer)).to.equal(true)
      expect((await fetch(`${url()}/metrics`)).status).to.equal(200)
    })
  }

  it('answers requests that come in one piece, in order', async () => {
    const one = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'
    const answer = await send(one.repeat(49) + one.replace('Host', 'Connection: close\r\nHost'))
    expect(answer.match(/^HTTP\/1\.1 200 OK/gm)).to.have.length(50)
  })

  it('answers thirty scrapes at once, and lives on when there are far more', async () => {
    scrape = async () => {
      await new Promise((resolve) => setTimeout(resolve, 50))
      return 'slow\n'
    }
    const ask = async () => (await fetch(`${url()}/metrics`)).text()
    const thirty = await Promise.all(Array.from({ length: 30 }, ask))
    expect(new Set(thirty)).to.deep.equal(new Set(['slow\n']))
    const many = await Promise.allSettled(Array.from({ length: 300 }, ask))
    expect(many.some(({ status }) => status === 'fulfilled')).to.equal(true)
    expect(await ask()).to.equal('slow\n')
  })

  it('is free again in seconds when connections are held that never say all', async () => {
    const sockets = Array.from({ length: 40 }, () => {
      const socket = connect(endpoint.address!.port, '127.0.0.1')
      socket.on('error', () => undefined)
      socket.write('GET /metrics HTTP/1.1\r\nX: ')
      return socket
    })
    const startMs = performance.now()
    let status = 0
    while (status !== 200 && performance.now() - startMs < 60_000) {
      const answer = await fetch(`${url()}/metrics`).catch(() => undefined)
      status = answer?.status ?? 0
      await answer?.text()
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    expect(status).to.equal(200)
    // Five seconds for the headers, and one until the next look; Node itself would wait for sixty.
    expect(performance.now() - startMs).to.be.below(30_000)
    for (const socket of sockets) socket.destroy()
  })

  it('outlives whatever bytes come', async () => {
    const line = fc.tuple(
      fc.constantFrom('GET', 'HEAD', 'POST', 'OPTIONS', 'X', ''),
      fc.oneof(fc.constant('/metrics'), fc.webUrl(), fc.string()),
      fc.constantFrom('HTTP/1.1', 'HTTP/1.0', 'HTTP/2', ''),
      fc.array(fc.string(), { maxLength: 3 }),
    )
    const request = line.map(([method, target, version, headers]) =>
      Buffer.from(`${method} ${target} ${version}\r\n${headers.join('\r\n')}\r\n\r\n`),
    )
    const bytes = fc.oneof(request, fc.uint8Array({ maxLength: 2_000 }))
    await fc.assert(
      fc.asyncProperty(fc.array(bytes, { minLength: 5, maxLength: 10 }), async (attacks) => {
        await Promise.all(attacks.map(send))
        expect((await fetch(`${url()}/metrics`)).status).to.equal(200)
      }),
      { numRuns: 12 },
    )
  })

  it('tells once that it cannot listen, and resolves all the same', async () => {
    const { port } = endpoint.address!
    const second = await serveMetrics(
      { host: '127.0.0.1', port },
      (format) => scrape(format),
      (line) => warnings.push(line),
    )
    expect(second.address).to.equal(undefined)
    expect(warnings).to.have.length(1)
    expect(warnings[0]).to.contain('the port is in use')
    second.close()
  })
})
