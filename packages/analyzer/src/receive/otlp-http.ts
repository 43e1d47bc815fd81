import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import { ChokepointError } from '../model/errors.ts'
import type { IngestFunc, OtlpEncoding } from '../model/ingest.ts'
import { type TlsMaterial, tlsServerOptions } from '../model/tls.ts'
import { authorize, type ReceiveAuth } from './authorize.ts'
import { BodyBuffers } from './body-buffers.ts'
import { inflateBody } from './inflate-body.ts'
import type { ReceiveLimits } from './limits.ts'
import { listenOn } from './listen.ts'
import { encodeResponse, encodeStatus, RETRY_AFTER_SECONDS } from './otlp-answer.ts'
import { readBody } from './read-body.ts'
import { countRefusal, noneReceived, type ReceiveStats } from './receive-stats.ts'
import { TENANT_HEADER, tenantOf } from './tenant-id.ts'

/** How requests are taken. */
export interface OtlpReceiverOptions {
  readonly ingest: IngestFunc
  readonly limits: ReceiveLimits
  /** True: `X-Scope-OrgID` names the tenant. */
  readonly multitenancy: boolean
  readonly auth: ReceiveAuth
  /** Undefined serves in the clear. */
  readonly tls?: TlsMaterial | undefined
  /** Told of errors that are ours, not the sender's. */
  readonly log?: (message: string) => void
}

/** An OTLP/HTTP receiver, on a port of its own or as a handler on another server. */
export interface OtlpHttpServer {
  /** Answers one export request, whatever its path is. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  /** Serves `POST /v1/metrics`; resolves with the port. Rejects with PORT_IN_USE. */
  listen(host: string, port: number): Promise<number>
  close(): Promise<void>
  readonly stats: ReceiveStats
}

// SDKs send once a minute unless told otherwise: a connection that is closed in between is made anew each time, and
// a request that crosses the closing fails.
const KEEP_ALIVE_MS = 150_000

/** The path of metrics on OTLP's own port. */
export const METRICS_PATH = '/v1/metrics'

const TYPES: Readonly<Record<OtlpEncoding, string>> = {
  protobuf: 'application/x-protobuf',
  json: 'application/json',
}

/** Makes a receiver of OTLP/HTTP: protobuf and JSON; gzip, deflate and zstd. */
export function createOtlpHttpServer(options: OtlpReceiverOptions): OtlpHttpServer {
  return new HttpReceiver(options)
}

class HttpReceiver implements OtlpHttpServer {
  readonly stats = noneReceived()
  readonly #options: OtlpReceiverOptions
  readonly #buffers = new BodyBuffers()
  #server: Server | undefined
  #inFlight = 0

  constructor(options: OtlpReceiverOptions) {
    this.#options = options
  }

  readonly handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    this.stats.requests++
    this.#inFlight++
    let encoding: OtlpEncoding = 'protobuf'
    try {
      // A JSON sender gets its errors in JSON too, so the type is looked at first.
      encoding = encodingOf(request.headers['content-type'])
      const answer = await this.#export(request, encoding)
      send(response, 200, encoding, answer)
    } catch (error) {
      this.#refuse(request, response, encoding, error)
    } finally {
      this.#inFlight--
    }
  }

  async listen(host: string, port: number): Promise<number> {
    const { tls } = this.#options
    const route = (request: IncomingMessage, response: ServerResponse) =>
      this.#route(request, response)
    const server =
      tls === undefined ? createServer(route) : createTlsServer(tlsServerOptions(tls), route)
    server.requestTimeout = this.#options.limits.requestMs
    server.headersTimeout = this.#options.limits.requestMs
    server.keepAliveTimeout = KEEP_ALIVE_MS
    this.#server = server
    return listenOn(server, host, port)
  }

  async close(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    await new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeIdleConnections()
    })
  }

  #route(request: IncomingMessage, response: ServerResponse): void {
    const path = (request.url ?? '').split('?', 1)[0]
    if (path !== METRICS_PATH) {
      const error = `there is no ${path} here: OTLP metrics go to POST ${METRICS_PATH}`
      this.#refuse(request, response, 'json', new ChokepointError('NOT_FOUND', error))
      return
    }
    if (request.method !== 'POST') {
      const error = new ChokepointError('PARAMETER_INVALID', `${METRICS_PATH} takes POST only`)
      response.setHeader('allow', 'POST')
      request.resume()
      send(response, 405, 'json', encodeStatus(error, 'json'))
      return
    }
    void this.handle(request, response)
  }

  async #export(request: IncomingMessage, encoding: OtlpEncoding): Promise<Uint8Array> {
    const { limits, auth, multitenancy, ingest } = this.#options
    authorize(request.headers.authorization, auth)
    const tenant = tenantOf(header(request, TENANT_HEADER), multitenancy)
    if (this.#inFlight > limits.requestsInFlightMax) {
      throw new ChokepointError(
        'OVERLOADED',
        `cannot take the request now: ${limits.requestsInFlightMax} are in flight`,
      )
    }
    const announced = Number(request.headers['content-length'] ?? 0)
    const body = await readBody(request, announced, limits.bodyBytesMax, this.#buffers)
    this.stats.bytes += body.bytes.length
    const contentEncoding = header(request, 'content-encoding') ?? ''
    const inflated = await inflateBody(body.bytes, contentEncoding, limits, this.#buffers)
    this.stats.inflatedBytes += inflated.bytes.length
    const result = await ingest(tenant, inflated.bytes, encoding)
    // Only now: after an error the log may still be writing the body.
    body.giveBack()
    inflated.giveBack()
    return encodeResponse(result, encoding)
  }

  #refuse(
    request: IncomingMessage,
    response: ServerResponse,
    encoding: OtlpEncoding,
    error: unknown,
  ): void {
    countRefusal(this.stats, error)
    const status = error instanceof ChokepointError ? error.status : 500
    if (status === 500) this.#options.log?.(`an OTLP request failed: ${(error as Error).stack}`)
    if (response.headersSent || response.destroyed) return
    if (status === 429 || status === 503) response.setHeader('retry-after', RETRY_AFTER_SECONDS)
    if (!request.complete) {
      // The rest of a body that is not wanted is not read either: the connection ends with the answer.
      response.setHeader('connection', 'close')
      response.once('finish', () => request.destroy())
    }
    send(response, status, encoding, encodeStatus(error, encoding))
  }
}

/** How a body is written, by its content type. Throws MEDIA_TYPE. */
function encodingOf(contentType: string | undefined): OtlpEncoding {
  const type = (contentType ?? '').split(';', 1)[0]!.trim().toLowerCase()
  if (type === TYPES.protobuf || type === 'application/protobuf') return 'protobuf'
  if (type === TYPES.json) return 'json'
  throw new ChokepointError(
    'MEDIA_TYPE',
    `cannot read content-type ${JSON.stringify(type)}: OTLP is ${TYPES.protobuf} or ${TYPES.json}`,
  )
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function send(
  response: ServerResponse,
  status: number,
  encoding: OtlpEncoding,
  body: Uint8Array,
): void {
  response.writeHead(status, { 'content-type': TYPES[encoding], 'content-length': body.length })
  response.end(body)
}
