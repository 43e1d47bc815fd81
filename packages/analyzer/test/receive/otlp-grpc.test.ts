import { once } from 'node:events'
import { connect, constants, type IncomingHttpHeaders } from 'node:http2'
import { deflateSync, zstdCompressSync } from 'node:zlib'
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import { expect } from 'chai'
import { until } from '../../../../tools/testing/until.ts'
import { limitsWith } from '../../src/config/limits.ts'
import { ChokepointError } from '../../src/model/errors.ts'
import { createOtlpGrpcServer, type OtlpGrpcServer } from '../../src/receive/otlp-grpc.ts'
import type { OtlpReceiverOptions } from '../../src/receive/otlp-http.ts'
import { decodeOfficially, RESPONSE } from '../decode/official-otlp.ts'
import { recordingOptions, type SeenRequest } from './limits.ts'

const EXPORT = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'
const POST = { ':method': 'POST', ':path': EXPORT }

/** A message behind its prefix. */
function frame(flag: number, body: Buffer): Buffer {
  const prefix = Buffer.from([flag, 0, 0, 0, 0])
  prefix.writeUInt32BE(body.length, 1)
  return Buffer.concat([prefix, body])
}

/** Sends bytes as one call, without a gRPC library; headers and trailers of the answer. */
async function callRaw(
  port: number,
  headers: Record<string, string>,
  bytes: Buffer,
): Promise<IncomingHttpHeaders> {
  const session = connect(`http://127.0.0.1:${port}`)
  const stream = session.request({ ...POST, 'content-type': 'application/grpc', ...headers })
  const answer: IncomingHttpHeaders = {}
  stream.on('response', (sent) => Object.assign(answer, sent))
  stream.on('trailers', (sent) => Object.assign(answer, sent))
  stream.on('error', () => {})
  stream.resume()
  stream.end(bytes)
  await once(stream, 'close')
  session.destroy()
  return answer
}

describe('the OTLP/gRPC receiver', () => {
  const seen: SeenRequest[] = []
  const open: { client: Client; server: OtlpGrpcServer; port: number }[] = []

  afterEach(async () => {
    seen.length = 0
    for (const { client, server } of open.splice(0)) {
      client.close()
      await server.close()
    }
  })

  async function start(options: OtlpReceiverOptions, channel: Record<string, number> = {}) {
    const server = createOtlpGrpcServer(options)
    const port = await server.listen('127.0.0.1', 0)
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), channel)
    open.push({ client, server, port })
    const same = (bytes: Buffer) => bytes
    return (body: string, metadata: Record<string, string> = {}) =>
      new Promise<Buffer>((resolve, reject) => {
        const headers = new Metadata()
        for (const [name, value] of Object.entries(metadata)) headers.set(name, value)
        client.makeUnaryRequest(EXPORT, same, same, Buffer.from(body), headers, (error, answer) => {
          if (error) reject(error)
          else resolve(answer!)
        })
      })
  }

  it('hands the bytes on, gzipped ones too, and answers with partial success', async () => {
    const result = { accepted: 1, rejected: 3, message: 'three were late' }
    const send = await start(recordingOptions(seen, result, { multitenancy: true }), {
      'grpc.default_compression_algorithm': 2,
    })
    const answer = await send('bytes '.repeat(1000), { 'x-scope-orgid': 'team' })
    expect(decodeOfficially(RESPONSE, answer).partialSuccess).to.include({
      rejectedDataPoints: 3n,
      errorMessage: 'three were late',
    })
    expect(seen).to.deep.equal([
      { tenant: 'team', body: 'bytes '.repeat(1000), encoding: 'protobuf' },
    ])
  })

  it('answers errors with the status that OTLP has for them', async () => {
    const cases = [
      ['BODY_INVALID', 3, false],
      ['STORAGE_FAILED', 14, true],
      ['OVERLOADED', 14, true],
    ] as const
    for (const [code, status, retry] of cases) {
      const send = await start(recordingOptions(seen, new ChokepointError(code, 'why')))
      const error = (await send('x').catch((caught: unknown) => caught)) as ServiceError
      expect([error.code, error.details]).to.deep.equal([status, 'why'])
      expect([...open.at(-1)!.server.stats.refused]).to.deep.equal([[code, 1]])
      const [details] = error.metadata.get('grpc-status-details-bin')
      expect(details?.toString('latin1').includes('RetryInfo') ?? false, code).to.equal(retry)
    }
  })

  it('takes messages up to the limit, and says so above it', async () => {
    const limits = limitsWith({ bodyBytesMax: 1000, inflatedBytesMax: 4000 })
    for (const [channel, bytesMax] of [
      [{}, 1000],
      [{ 'grpc.default_compression_algorithm': 2 }, 4000],
    ] as const) {
      seen.length = 0
      const send = await start(recordingOptions(seen, undefined, { limits }), channel)
      await send('x'.repeat(bytesMax))
      const error = (await send('x'.repeat(bytesMax + 1)).catch(
        (caught: unknown) => caught,
      )) as ServiceError
      expect(error.code).to.equal(8)
      expect(error.metadata.get('grpc-status-details-bin')).to.deep.equal([])
      expect(seen).to.have.length(1)
    }
  })

  it('inflates what its accept-encoding names, zstd too, and refuses the rest', async () => {
    await start(recordingOptions(seen))
    const call = async (encoding: string, body: Buffer) =>
      callRaw(open.at(-1)!.port, { 'grpc-encoding': encoding }, frame(1, body))
    const accepted = (await call('zstd', zstdCompressSync('first')))['grpc-accept-encoding']
    expect(accepted).to.equal('gzip,x-gzip,deflate,zlib,zstd')
    await call('deflate', deflateSync('second'))
    expect(seen.map(({ body }) => body)).to.deep.equal(['first', 'second'])
    expect(open.at(-1)!.server.stats.inflatedBytes).to.equal('firstsecond'.length)
    expect(await call('snappy', Buffer.from('x'))).to.include({ 'grpc-status': '12' })
    expect(await call('gzip', Buffer.from('x'))).to.include({ 'grpc-status': '3' })
  })

  it('answers what is no call of its method as gRPC says', async () => {
    await start(recordingOptions(seen))
    const { port } = open.at(-1)!
    const message = frame(0, Buffer.from('x'))
    const answers = [
      await callRaw(port, { ':path': '/a.Service/Method' }, message),
      await callRaw(port, {}, Buffer.concat([message, message])),
      await callRaw(port, {}, Buffer.alloc(0)),
      await callRaw(port, {}, message.subarray(0, 3)),
      await callRaw(port, {}, message.subarray(0, 5)),
    ]
    expect(answers.map((answer) => answer['grpc-status'])).to.deep.equal(['12', '3', '3', '3', '3'])
    expect(answers.map((answer) => answer['grpc-message'])).to.deep.equal([
      `there is no /a.Service/Method here: OTLP metrics go to ${EXPORT}`,
      'cannot take the gRPC call: exactly one message is expected, more came',
      'cannot take the gRPC call: exactly one message is expected, none came',
      'cannot read the gRPC message: 3 bytes',
      'cannot read the gRPC message: it is cut off, 5 of 6 bytes came',
    ])
    expect(await callRaw(port, { 'content-type': 'text/html' }, message)).to.include({
      ':status': 415,
    })
    expect(seen).to.deep.equal([])
  })

  it('lets go of a call that its client cancels', async () => {
    await start(recordingOptions(seen))
    const { port, server } = open.at(-1)!
    const session = connect(`http://127.0.0.1:${port}`)
    const stream = session.request({ ...POST, 'content-type': 'application/grpc' })
    stream.on('error', () => {})
    stream.write(Buffer.alloc(3))
    await until('the call to arrive', () => server.stats.requests === 1)
    stream.close(constants.NGHTTP2_CANCEL)
    await until('the call to be over', () => server.stats.refused.get('BODY_INVALID') === 1)
    session.destroy()
    expect(seen).to.deep.equal([])
  })

  it('lets go of a call that is sent too slowly, though something comes all the time', async () => {
    await start(recordingOptions(seen, undefined, { limits: limitsWith({ requestMs: 300 }) }))
    const { port, server } = open.at(-1)!
    const session = connect(`http://127.0.0.1:${port}`)
    const stream = session.request({ ...POST, 'content-type': 'application/grpc' })
    stream.on('error', () => {})
    stream.write(frame(0, Buffer.alloc(1_000_000)).subarray(0, 5))
    const trickle = setInterval(() => stream.write('x'), 20)
    await until('the call to be over', () => server.stats.refused.get('BODY_INVALID') === 1)
    clearInterval(trickle)
    session.destroy()
    expect(seen).to.deep.equal([])
  })

  it('asks for a tenant and a token', async () => {
    const send = await start(
      recordingOptions(seen, undefined, { multitenancy: true, auth: { tokens: ['t'] } }),
    )
    const none = (await send('x').catch((caught: unknown) => caught)) as ServiceError
    expect(none.code).to.equal(16)
    await send('x', { authorization: 'Bearer t', 'x-scope-orgid': 'a' })
    expect(seen).to.have.length(1)
  })

  it('says that a port is taken', async () => {
    const server = createOtlpGrpcServer(recordingOptions(seen))
    const port = await server.listen('127.0.0.1', 0)
    const other = createOtlpGrpcServer(recordingOptions(seen))
    const error = await other.listen('127.0.0.1', port).catch((caught: unknown) => caught)
    expect(error).to.include({ code: 'PORT_IN_USE' })
    await Promise.all([server.close(), other.close()])
  })
})
