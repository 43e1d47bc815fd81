import { once } from 'node:events'
import { connect } from 'node:net'
import { constants, createGzip, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { expect } from 'chai'
import { limitsWith } from '../../src/config/limits.ts'
import { ChokepointError } from '../../src/model/errors.ts'
import {
  createOtlpHttpServer,
  type OtlpHttpServer,
  type OtlpReceiverOptions,
} from '../../src/receive/otlp-http.ts'
import { decodeOfficially, RESPONSE } from '../decode/official-otlp.ts'
import { recordingOptions, type SeenRequest } from './limits.ts'

const PROTOBUF = 'application/x-protobuf'

describe('the OTLP/HTTP receiver', () => {
  const seen: SeenRequest[] = []
  const servers: OtlpHttpServer[] = []

  afterEach(async () => {
    seen.length = 0
    await Promise.all(servers.splice(0).map((server) => server.close()))
  })

  async function start(options: OtlpReceiverOptions = recordingOptions(seen)) {
    const server = createOtlpHttpServer(options)
    servers.push(server)
    const port = await server.listen('127.0.0.1', 0)
    const post = (
      body: Uint8Array | string,
      headers: Record<string, string> = {},
      path = '/v1/metrics',
    ) =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        body: typeof body === 'string' ? body : new Uint8Array(body),
        headers: { 'content-type': PROTOBUF, ...headers },
      })
    return { server, port, post }
  }

  it('hands protobuf and JSON on as they are, and answers in the same way', async () => {
    const { post } = await start()
    const protobuf = await post('bytes')
    expect(protobuf.status).to.equal(200)
    expect(protobuf.headers.get('content-type')).to.equal(PROTOBUF)
    expect(await protobuf.text()).to.equal('')
    const json = await post('{}', { 'content-type': 'application/json; charset=utf-8' })
    expect(json.headers.get('content-type')).to.equal('application/json')
    expect(await json.text()).to.equal('{}')
    expect(seen).to.deep.equal([
      { tenant: 'anonymous', body: 'bytes', encoding: 'protobuf' },
      { tenant: 'anonymous', body: '{}', encoding: 'json' },
    ])
  })

  it('inflates gzip, deflate and zstd', async () => {
    const { post } = await start()
    const body = Buffer.from('text '.repeat(100))
    const encodings = {
      gzip: gzipSync,
      deflate: deflateSync,
      zstd: zstdCompressSync,
      identity: Buffer.from,
    }
    for (const [encoding, compress] of Object.entries(encodings)) {
      const answer = await post(compress(body), { 'content-encoding': encoding })
      expect(answer.status, encoding).to.equal(200)
    }
    expect(seen.map(({ body: text }) => text)).to.deep.equal(Array(4).fill(String(body)))
  })

  it('says how many points were rejected and why, in both encodings', async () => {
    const result = { accepted: 1, rejected: 2, message: 'two were late' }
    const { post } = await start(recordingOptions(seen, result))
    const json = await post('{}', { 'content-type': 'application/json' })
    expect(await json.json()).to.deep.equal({
      partialSuccess: { rejectedDataPoints: '2', errorMessage: 'two were late' },
    })
    const bytes = new Uint8Array(await (await post('x')).arrayBuffer())
    expect(decodeOfficially(RESPONSE, bytes).partialSuccess).to.include({
      rejectedDataPoints: 2n,
      errorMessage: 'two were late',
    })
  })

  it('answers errors with a Status in the encoding of the request', async () => {
    const { post } = await start(
      recordingOptions(seen, new ChokepointError('BODY_INVALID', 'cut off')),
    )
    const json = await post('{}', { 'content-type': 'application/json' })
    expect([json.status, await json.json()]).to.deep.equal([400, { code: 3, message: 'cut off' }])
    const protobuf = await post('x')
    expect(protobuf.headers.get('content-type')).to.equal(PROTOBUF)
    expect(Buffer.from(await protobuf.arrayBuffer()).toString('hex')).to.equal(
      `0803${'12'}07${Buffer.from('cut off').toString('hex')}`,
    )
  })

  it('says when to come back when there is no room or no disk', async () => {
    for (const [code, status] of [
      ['OVERLOADED', 429],
      ['STORAGE_FAILED', 503],
    ] as const) {
      const { post } = await start(recordingOptions(seen, new ChokepointError(code, 'later')))
      const answer = await post('x')
      expect([answer.status, answer.headers.get('retry-after')]).to.deep.equal([status, '5'])
    }
  })

  it('does not show what broke inside, and tells its log', async () => {
    const logged: string[] = []
    const options = recordingOptions(seen, new Error('secret detail'), {
      log: (message) => logged.push(message),
    })
    const { post } = await start(options)
    const answer = await post('{}', { 'content-type': 'application/json' })
    expect(answer.status).to.equal(500)
    expect(await answer.text()).to.not.contain('secret')
    expect(logged.join()).to.contain('secret detail')
  })

  it('refuses other content types, encodings, methods and paths', async () => {
    const { port, post } = await start()
    expect((await post('x', { 'content-type': 'text/plain' })).status).to.equal(415)
    expect((await post('x', { 'content-encoding': 'br' })).status).to.equal(415)
    expect((await post('x', {}, '/v1/traces')).status).to.equal(404)
    const get = await fetch(`http://127.0.0.1:${port}/v1/metrics`)
    expect([get.status, get.headers.get('allow')]).to.deep.equal([405, 'POST'])
    expect(await get.json()).to.deep.equal({ code: 3, message: '/v1/metrics takes POST only' })
    expect((await post('not gzip', { 'content-encoding': 'gzip' })).status).to.equal(400)
    expect(seen).to.deep.equal([])
  })

  it('asks for a tenant when there are many, and for a token when there are any', async () => {
    const { post } = await start(
      recordingOptions(seen, undefined, { multitenancy: true, auth: { tokens: ['one', 'two'] } }),
    )
    const token = { authorization: 'Bearer two' }
    expect((await post('x', { 'x-scope-orgid': 'a' })).status).to.equal(401)
    expect((await post('x', { 'x-scope-orgid': 'a', authorization: 'Bearer no' })).status).to.equal(
      401,
    )
    expect((await post('x', token)).status).to.equal(401)
    expect((await post('x', { ...token, 'x-scope-orgid': '../etc' })).status).to.equal(400)
    expect((await post('x', { ...token, 'x-scope-orgid': 'team-a' })).status).to.equal(200)
    expect(seen.map(({ tenant }) => tenant)).to.deep.equal(['team-a'])
  })

  it('refuses a body over the limit, announced or not', async () => {
    const limits = limitsWith({ bodyBytesMax: 1000 })
    const { post, port } = await start(recordingOptions(seen, undefined, { limits }))
    expect((await post('x'.repeat(1001))).status).to.equal(413)
    const socket = connect(port, '127.0.0.1')
    socket.write(
      `POST /v1/metrics HTTP/1.1\r\nhost: x\r\ncontent-type: ${PROTOBUF}\r\ntransfer-encoding: chunked\r\n\r\n`,
    )
    socket.write(`7d0\r\n${'y'.repeat(2000)}\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    expect(String(answer)).to.match(/^HTTP\/1\.1 413 /)
    socket.destroy()
    expect(seen).to.deep.equal([])
  })

  it('refuses a gzip bomb of 1 GB without growing', async () => {
    const { post, server } = await start()
    const bomb = await gzipOfZeros(1024 ** 3)
    expect(bomb.length).to.be.lessThan(2 * 1024 ** 2)
    const before = process.memoryUsage()
    const answer = await post(bomb, { 'content-encoding': 'gzip' })
    const after = process.memoryUsage()
    expect(answer.status).to.equal(413)
    expect(await answer.text()).to.match(/inflate to more than 67108864/)
    const grown = after.arrayBuffers + after.heapUsed - before.arrayBuffers - before.heapUsed
    expect(grown).to.be.lessThan(150 * 1024 ** 2)
    expect(server.stats.refused.get('BODY_TOO_LARGE')).to.equal(1)
    expect(seen).to.deep.equal([])
  })

  it('refuses a small body that inflates as no real one does', async () => {
    const { post } = await start()
    const answer = await post(await gzipOfZeros(4 * 1024 ** 2), { 'content-encoding': 'gzip' })
    expect(answer.status).to.equal(413)
  })

  it('tells the sender that too many requests are in flight', async () => {
    let release: () => void = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const { post } = await start({
      ...recordingOptions(seen),
      limits: limitsWith({ requestsInFlightMax: 1 }),
      ingest: async () => {
        await held
        return { accepted: 0, rejected: 0, message: '' }
      },
    })
    const first = post('x')
    let second = await post('x')
    while (second.status === 200) second = await post('x')
    expect(second.status).to.equal(429)
    release()
    expect((await first).status).to.equal(200)
  })

  it('says that a port is taken', async () => {
    const { port } = await start()
    const error = await createOtlpHttpServer(recordingOptions(seen))
      .listen('127.0.0.1', port)
      .catch((caught: unknown) => caught)
    expect(error).to.include({ code: 'PORT_IN_USE' })
    expect(String(error)).to.contain(`cannot listen on 127.0.0.1:${port}: the port is taken`)
  })
})

async function gzipOfZeros(length: number): Promise<Buffer> {
  const gzip = createGzip({ level: constants.Z_BEST_SPEED + 5 })
  const chunks: Buffer[] = []
  gzip.on('data', (chunk: Buffer) => chunks.push(chunk))
  const zeros = Buffer.alloc(1024 ** 2)
  for (let written = 0; written < length; written += zeros.length) {
    if (!gzip.write(zeros)) await once(gzip, 'drain')
  }
  gzip.end()
  await once(gzip, 'end')
  return Buffer.concat(chunks)
}
