import {
  createSecureServer,
  createServer,
  type Http2Server,
  constants as http2,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import { ChokepointError } from '../model/errors.ts'
import { tlsServerOptions } from '../model/tls.ts'
import { authorize } from './authorize.ts'
import { BodyBuffers } from './body-buffers.ts'
import {
  encodeGrpcText,
  GRPC_PREFIX_BYTES,
  readGrpcMessage,
  writeGrpcMessage,
} from './grpc-message.ts'
import { ENCODINGS, inflateBody } from './inflate-body.ts'
import { listenOn } from './listen.ts'
import { encodeResponse, GRPC_STATUS, grpcStatusOf, RETRY_AFTER_SECONDS } from './otlp-answer.ts'
import type { OtlpReceiverOptions } from './otlp-http.ts'
import { readBody } from './read-body.ts'
import { countRefusal, noneReceived, type ReceiveStats } from './receive-stats.ts'
import { encodeRetryInfo } from './retry-info.ts'
import { TENANT_HEADER, tenantOf } from './tenant-id.ts'

/** An OTLP/gRPC receiver of metrics. */
export interface OtlpGrpcServer {
  /** Resolves with the port. Rejects with PORT_IN_USE. */
  listen(host: string, port: number): Promise<number>
  close(): Promise<void>
  readonly stats: ReceiveStats
}

const EXPORT_PATH = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export'

// A batch of the Collector is about a megabyte: with the 64 kB of HTTP/2 it would wait for us sixteen times.
const STREAM_WINDOW_BYTES = 1024 * 1024
const SESSION_WINDOW_BYTES = 8 * STREAM_WINDOW_BYTES
/** Clients keep their connections; what is in flight has this long to end. */
const CLOSE_MS = 500

/**
 * Makes a receiver of OTLP/gRPC: one unary method, as
 * https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md describes it. The bytes of a message go on as they
 * are, inflated.
 */
export function createOtlpGrpcServer(options: OtlpReceiverOptions): OtlpGrpcServer {
  return new GrpcReceiver(options)
}

class GrpcReceiver implements OtlpGrpcServer {
  readonly stats = noneReceived()
  readonly #options: OtlpReceiverOptions
  readonly #server: Http2Server
  readonly #sessions = new Set<ServerHttp2Session>()
  readonly #buffers = new BodyBuffers()
  #inFlight = 0

  constructor(options: OtlpReceiverOptions) {
    const { tls, limits } = options
    const settings = {
      initialWindowSize: STREAM_WINDOW_BYTES,
      maxConcurrentStreams: limits.requestsInFlightMax,
    }
    this.#options = options
    this.#server =
      tls === undefined
        ? createServer({ settings })
        : createSecureServer({ settings, ...tlsServerOptions(tls) })
    this.#server.on('session', (session) => {
      this.#sessions.add(session)
      session.setLocalWindowSize(SESSION_WINDOW_BYTES)
      session.once('close', () => this.#sessions.delete(session))
    })
    this.#server.on('stream', (stream, headers) => void this.#call(stream, headers))
  }

  listen(host: string, port: number): Promise<number> {
    return listenOn(this.#server, host, port)
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    for (const session of this.#sessions) session.close()
    const timer = setTimeout(() => {
      for (const session of this.#sessions) session.destroy()
    }, CLOSE_MS)
    await closed
    clearTimeout(timer)
  }

  async #call(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    // A client that goes away is told nothing; reading fails by itself.
    stream.on('error', () => {})
    if (!/^application\/grpc(\+proto|;|$)/i.test(headers['content-type'] ?? '')) {
      stream.respond({ ':status': 415 }, { endStream: true })
      stream.close(http2.NGHTTP2_NO_ERROR)
      return
    }
    this.stats.requests++
    this.#inFlight++
    try {
      answer(stream, await this.#export(stream, headers))
    } catch (error) {
      countRefusal(this.stats, error)
      if (!(error instanceof ChokepointError)) {
        this.#options.log?.(`an OTLP/gRPC request failed: ${(error as Error).stack}`)
      }
      refuse(stream, error)
    } finally {
      this.#inFlight--
    }
  }

  async #export(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<Uint8Array> {
    const { auth, multitenancy, limits, ingest } = this.#options
    const path = headers[':path'] ?? ''
    if (path !== EXPORT_PATH) {
      throw new ChokepointError(
        'NOT_FOUND',
        `there is no ${path} here: OTLP metrics go to ${EXPORT_PATH}`,
      )
    }
    authorize(headers.authorization, auth)
    const tenant = tenantOf(textOf(headers[TENANT_HEADER]), multitenancy)
    if (this.#inFlight > limits.requestsInFlightMax) {
      throw new ChokepointError(
        'OVERLOADED',
        `cannot take the request now: ${limits.requestsInFlightMax} are in flight`,
      )
    }
    const bytesMax = limits.bodyBytesMax + GRPC_PREFIX_BYTES
    const tooLate = setTimeout(() => stream.close(http2.NGHTTP2_CANCEL), limits.requestMs)
    const body = await readBody(stream, 0, bytesMax, this.#buffers).finally(() =>
      clearTimeout(tooLate),
    )
    this.stats.bytes += body.bytes.length
    const message = readGrpcMessage(body.bytes)
    const encoding = message.compressed ? (textOf(headers['grpc-encoding']) ?? '') : ''
    const inflated = await inflateBody(message.bytes, encoding, limits, this.#buffers)
    this.stats.inflatedBytes += inflated.bytes.length
    const result = await ingest(tenant, inflated.bytes, 'protobuf')
    // Only now: after an error the log may still be writing the body.
    body.giveBack()
    inflated.giveBack()
    return encodeResponse(result, 'protobuf')
  }
}

function textOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header
}

const HEADERS = {
  ':status': 200,
  'content-type': 'application/grpc',
  'grpc-accept-encoding': ENCODINGS.join(','),
} as const

/** "Response-Headers, Length-Prefixed-Message, Trailers" */
function answer(stream: ServerHttp2Stream, response: Uint8Array): void {
  if (stream.closed || stream.destroyed) return
  stream.respond(HEADERS, { waitForTrailers: true })
  stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
  stream.end(writeGrpcMessage(response))
}

/** "Trailers-Only → HTTP-Status Content-Type Trailers", for "calls that produce an immediate error" */
function refuse(stream: ServerHttp2Stream, error: unknown): void {
  if (stream.closed || stream.destroyed) return
  const known = error instanceof ChokepointError
  // "UNIMPLEMENTED: … method not found on the server"
  const noMethod = known && error.code === 'NOT_FOUND'
  const status = noMethod ? GRPC_STATUS.unimplemented : grpcStatusOf(error)
  const message = known ? error.message : 'the request failed inside the analyzer'
  // "The server SHOULD … include RetryInfo": only then do senders keep the data and come back.
  const retries = known && (error.status === 429 || error.status === 503)
  const details = retries ? encodeRetryInfo(status, message, RETRY_AFTER_SECONDS) : undefined
  stream.respond(
    {
      ...HEADERS,
      'grpc-status': String(status),
      'grpc-message': encodeGrpcText(message),
      ...(details && { 'grpc-status-details-bin': details.toString('base64') }),
    },
    { endStream: true },
  )
  // The rest of a message that is not wanted is not read either.
  stream.close(http2.NGHTTP2_NO_ERROR)
}
