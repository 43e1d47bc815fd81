import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { connect as connectHttp2, constants } from 'node:http2'
import { type AddressInfo, connect, createServer } from 'node:net'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { limitsWith } from '../../src/config/limits.ts'
import { readExemplars } from '../../src/decode/exemplars.ts'
import { jsonRequestToProtobuf } from '../../src/decode/json-request.ts'
import { RequestScanner } from '../../src/decode/scan-request.ts'
import { ChokepointError } from '../../src/model/errors.ts'
import { createOtlpGrpcServer } from '../../src/receive/otlp-grpc.ts'
import { createOtlpHttpServer, type OtlpReceiverOptions } from '../../src/receive/otlp-http.ts'
import { scannedPoints } from '../decode/comparable-points.ts'
import { encodeRequest } from '../decode/official-otlp.ts'
import { Random } from '../decode/random.ts'
import { randomRequest } from '../decode/random-request.ts'
import { dump, NOW_MS, openStores } from '../store/open-stores.ts'
import type { FuzzTarget } from './fuzzer.ts'

const SOURCES = /\/analyzer\/(src|dist)\/(decode|store|receive)\//
const FIXTURES = new URL('../decode/fixtures/requests/', import.meta.url)
const GRPC_PATH = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'
/** A connection that got no answer ends after this: a server may wait for the rest of a request. */
const QUIET_MS = 30

const fixtures = (extension: string) =>
  readdirSync(FIXTURES)
    .filter((name) => name.endsWith(extension))
    .map((name) => readFileSync(new URL(name, FIXTURES)))

function requestSeeds(): Buffer[] {
  const random = new Random(7)
  return random.many(30, () => Buffer.from(encodeRequest(randomRequest(random))))
}

/** Runs work whose expected failures are refusals with a code. */
async function refusable(work: () => unknown): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof ChokepointError)) throw error
  }
}

/** Protobuf bytes: the scan and all that is read later. */
export async function decoderTarget(): Promise<FuzzTarget> {
  const scanner = new RequestScanner({ pointsMax: 5000, bucketsMax: 200 }, [1, 2])
  const read = (input: Buffer) => {
    const batch = scanner.scan(input)
    scannedPoints(batch)
    for (let point = 0; point < batch.points; point++) {
      readExemplars(batch.bytes, batch.pointStart[point]!, batch.pointEnd[point]!, 0x2a)
    }
  }
  return {
    name: 'the decoder',
    seeds: [...requestSeeds(), ...fixtures('.binpb')],
    sources: SOURCES,
    run: (input) => refusable(() => read(input)),
  }
}

/** JSON bytes. */
export async function jsonTarget(): Promise<FuzzTarget> {
  const scanner = new RequestScanner({ pointsMax: 5000, bucketsMax: 200 }, [1, 2])
  return {
    name: 'the JSON decoder',
    seeds: fixtures('.json')
      .map((text) => text.subarray(0, 8000))
      .concat(
        Buffer.from(
          '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a","sum":{"aggregationTemporality":2,"isMonotonic":true,"dataPoints":[{"timeUnixNano":"1","asInt":"5","attributes":[{"key":"k","value":{"arrayValue":{"values":[{"intValue":"1"},{"kvlistValue":{"values":[]}}]}}}]}]}},{"name":"h","exponentialHistogram":{"dataPoints":[{"scale":-1,"positive":{"offset":-3,"bucketCounts":["1",2]}}]}}]}]}]}',
        ),
      ),
    sources: SOURCES,
    run: (input) => refusable(() => scanner.scan(jsonRequestToProtobuf(input))),
  }
}

/** Requests into a store with tight limits, which is then read. */
export async function storeTarget(): Promise<FuzzTarget> {
  let now = NOW_MS
  const limits = limitsWith({
    seriesMax: 500,
    seriesPerMetricMax: 100,
    tenantsMax: 20,
    memoryBytesMax: 32 * 1024 ** 2,
  })
  const stores = await openStores({ limits, retentionMs: 1e13, wallClock: () => now })
  let inputs = 0
  const store = async (input: Buffer) => {
    now += 1000
    const tenant = `t${inputs++ % 10}`
    await stores.ingest(tenant, input, 'protobuf')
    if (inputs % 50 === 0) dump(stores.tenant(tenant))
  }
  return {
    name: 'the store',
    seeds: requestSeeds(),
    sources: SOURCES,
    run: (input) => refusable(() => store(input)),
  }
}

async function receiver(): Promise<OtlpReceiverOptions> {
  const limits = limitsWith({
    bodyBytesMax: 64 * 1024,
    inflatedBytesMax: 256 * 1024,
    seriesMax: 1000,
    requestMs: 500,
  })
  const stores = await openStores({ limits, retentionMs: 1e13 })
  return {
    ingest: stores.ingest,
    limits,
    multitenancy: false,
    auth: { tokens: [] },
    log: failLoudly,
  }
}

/** The receivers tell their log only of errors that are ours. */
function failLoudly(message: string): void {
  throw new Error(message)
}

/** Whole HTTP requests as bytes on a connection, compressed ones too. */
export async function httpTarget(): Promise<FuzzTarget> {
  const server = createOtlpHttpServer(await receiver())
  const port = await server.listen('127.0.0.1', 0)
  const body = Buffer.from(encodeRequest(randomRequest(new Random(3))))
  const head = (type: string, length: number, more = '') =>
    `POST /v1/metrics HTTP/1.1\r\nhost: x\r\ncontent-type: ${type}\r\n${more}content-length: ${length}\r\nconnection: close\r\n\r\n`
  const request = (bytes: Buffer, type: string, more?: string) =>
    Buffer.concat([Buffer.from(head(type, bytes.length, more)), bytes])
  const json = Buffer.from('{"resourceMetrics":[]}')
  return {
    name: 'the HTTP receiver',
    seeds: [
      request(body, 'application/x-protobuf'),
      request(json, 'application/json'),
      request(gzipSync(body), 'application/x-protobuf', 'content-encoding: gzip\r\n'),
      request(zstdCompressSync(body), 'application/x-protobuf', 'content-encoding: zstd\r\n'),
      request(gzipSync(json), 'application/json', 'content-encoding: gzip\r\n'),
    ],
    sources: SOURCES,
    run: (input) => talk(port, input),
    close: () => server.close(),
  }
}

/** Messages of gRPC calls with their frame: compression flag, length, body. */
export async function grpcMessageTarget(): Promise<FuzzTarget> {
  const server = createOtlpGrpcServer(await receiver())
  const port = await server.listen('127.0.0.1', 0)
  const session = connectHttp2(`http://127.0.0.1:${port}`)
  await once(session, 'connect')
  const body = Buffer.from(encodeRequest(randomRequest(new Random(4))))
  const frame = (flag: number, bytes: Buffer) => {
    const head = Buffer.alloc(5)
    head[0] = flag
    head.writeUInt32BE(bytes.length, 1)
    return Buffer.concat([head, bytes])
  }
  return {
    name: 'gRPC messages',
    seeds: [frame(0, body), frame(1, gzipSync(body)), frame(0, Buffer.alloc(0))],
    sources: SOURCES,
    run: async (input) => {
      const stream = session.request({
        [constants.HTTP2_HEADER_METHOD]: 'POST',
        [constants.HTTP2_HEADER_PATH]: GRPC_PATH,
        'content-type': 'application/grpc',
        'grpc-encoding': 'gzip',
        te: 'trailers',
      })
      stream.on('error', () => {})
      stream.resume()
      stream.end(input)
      await once(stream, 'close')
    },
    close: async () => {
      session.destroy()
      await server.close()
    },
  }
}

/** HTTP/2 bytes as a real client sent them, changed. */
export async function grpcBytesTarget(): Promise<FuzzTarget> {
  const server = createOtlpGrpcServer(await receiver())
  const port = await server.listen('127.0.0.1', 0)
  return {
    name: 'gRPC connections',
    seeds: [await recordCall(port)],
    sources: SOURCES,
    run: (input) => talk(port, input),
    close: () => server.close(),
  }
}

/** Sends bytes on a connection of their own, and waits until nothing more comes. */
async function talk(port: number, input: Buffer): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.setTimeout(QUIET_MS, () => socket.destroy())
  socket.resume()
  socket.end(input)
  await once(socket, 'close')
}

/** The bytes that a client sends for one call, seen by a relay in between. */
async function recordCall(port: number): Promise<Buffer> {
  const sent: Buffer[] = []
  const relay = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    client.on('data', (bytes: Buffer) => sent.push(bytes))
    client.pipe(upstream).pipe(client)
    client.on('error', () => upstream.destroy())
  })
  relay.listen(0, '127.0.0.1')
  await once(relay, 'listening')
  const session = connectHttp2(`http://127.0.0.1:${(relay.address() as AddressInfo).port}`)
  const headers = {
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: GRPC_PATH,
  }
  const stream = session.request({ ...headers, 'content-type': 'application/grpc', te: 'trailers' })
  stream.resume()
  stream.end(Buffer.alloc(5))
  await once(stream, 'close')
  session.destroy()
  relay.close()
  return Buffer.concat(sent)
}
