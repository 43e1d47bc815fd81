import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js'
import { expect } from 'chai'
import { limitsWith } from '../../src/config/limits.ts'
import { ChokepointError } from '../../src/model/errors.ts'
import { createOtlpGrpcServer, type OtlpGrpcServer } from '../../src/receive/otlp-grpc.ts'
import type { OtlpReceiverOptions } from '../../src/receive/otlp-http.ts'
import { decodeOfficially, RESPONSE } from '../decode/official-otlp.ts'
import { recordingOptions, type SeenRequest } from './limits.ts'

const EXPORT = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'

describe('the OTLP/gRPC receiver', () => {
  const seen: SeenRequest[] = []
  const open: { client: Client; server: OtlpGrpcServer }[] = []

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
    open.push({ client, server })
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
    const limits = limitsWith({ inflatedBytesMax: 1000 })
    const send = await start(recordingOptions(seen, undefined, { limits }))
    await send('x'.repeat(1000))
    const error = (await send('x'.repeat(1001)).catch((caught: unknown) => caught)) as ServiceError
    expect(error.code).to.equal(8)
    expect(error.metadata.get('grpc-status-details-bin')).to.deep.equal([])
    expect(seen).to.have.length(1)
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
