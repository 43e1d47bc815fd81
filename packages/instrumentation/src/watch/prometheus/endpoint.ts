import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { PrometheusSettings } from '../../settings/exporter-settings.ts'
import { http } from '../../shared/node-http.ts'
import type { PprofRoute } from './pprof-route.ts'
import { CONTENT_TYPES, type TextFormat } from './text-format.ts'

/** Makes the answer to a scrape. `byWorker`: with each worker of a cluster by itself. */
export type Scrape = (format: TextFormat, byWorker: boolean) => Promise<string>

export interface MetricsEndpoint {
  /** Where it listens, once it does; undefined when it cannot. */
  readonly address: AddressInfo | undefined
  close(): void
}

const CONNECTIONS_MAX = 32
const HEADER_BYTES_MAX = 8 * 1024
const HEADERS_TIMEOUT_MS = 5_000
const GZIP_FROM_BYTES = 4 * 1024

/**
 * Serves `GET /metrics`, and profiles when they are wanted. Whatever a client sends, the worst that happens is an error answer on that
 * one connection. When it cannot listen it tells why, once, and resolves all the same.
 */
export function serveMetrics(
  { host, port }: PrometheusSettings,
  scrape: Scrape,
  warn: (line: string) => void,
  pprof?: PprofRoute,
): Promise<MetricsEndpoint> {
  const server = http.createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: 30_000,
    },
    (request, response) => {
      answer(request, response, { scrape, pprof }).catch((error: Error) => {
        warn(`cannot answer a request: ${error.message}`)
        response.destroy()
      })
    },
  )
  server.maxConnections = CONNECTIONS_MAX
  server.on('clientError', refuseMalformed)
  // An upgrade or a CONNECT without a listener would leave the socket open.
  server.on('connect', (_request, socket: Socket) => socket.destroy())
  server.on('upgrade', (_request, socket: Socket) => socket.destroy())
  server.unref()
  return new Promise((resolve) => {
    const end = (address: AddressInfo | undefined) =>
      resolve({ address, close: () => closeServer(server) })
    server.once('error', (error: NodeJS.ErrnoException) => {
      warn(listenWarning(error, host, port))
      end(undefined)
    })
    // The name is not looked up: that needs a thread of the app's pool and gives one address of two.
    server.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port }, () => {
      end(server.address() as AddressInfo)
    })
  })
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { scrape, pprof }: { readonly scrape: Scrape; readonly pprof: PprofRoute | undefined },
): Promise<void> {
  // A body is none of our business; it is let flow so that the connection can be used again.
  request.resume()
  // The path is compared, never parsed: parsing is what throws.
  const [path, query] = (request.url ?? '').split('?', 2)
  const profile = await pprof?.(request)
  if (profile !== undefined) {
    response.writeHead(profile.status, profile.headers)
    response.end(profile.body)
    return
  }
  if (path !== '/metrics') return refuse(response, 404, 'not found: metrics are at /metrics\n')
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setHeader('allow', 'GET, HEAD')
    return refuse(response, 405, 'only GET and HEAD\n')
  }
  const format = wantedFormat(request.headers.accept)
  const text = Buffer.from(await scrape(format, /(^|&)by=worker(&|$)/.test(query ?? '')))
  const gzip = wantsGzip(request.headers['accept-encoding']) && text.length >= GZIP_FROM_BYTES
  const body = gzip ? gzipSync(text, { level: 1 }) : text
  response.writeHead(200, {
    'content-type': CONTENT_TYPES[format],
    'content-length': body.length,
    vary: 'accept, accept-encoding',
    ...(gzip ? { 'content-encoding': 'gzip' } : {}),
  })
  response.end(request.method === 'HEAD' ? undefined : body)
}

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' })
  response.end(text)
}

function refuseMalformed(_error: Error, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy()
    return
  }
  socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
  // A client that never closes its side must not hold one of the few places.
  setTimeout(() => socket.destroy(), 1_000).unref()
}

/** OpenMetrics when the client names it with a weight above zero that the older text does not beat. */
function wantedFormat(accept: string | undefined): TextFormat {
  let openmetrics = 0
  let text = 0
  for (const range of (accept ?? '').split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase())
    const weight = Number(parameters.find((part) => part.startsWith('q='))?.slice(2) ?? 1)
    if (type === 'application/openmetrics-text') openmetrics = Math.max(openmetrics, weight || 0)
    if (type === 'text/plain' || type === 'text/*' || type === '*/*') text = Math.max(text, weight)
  }
  return openmetrics > 0 && openmetrics >= text ? 'openmetrics' : 'text'
}

function wantsGzip(encodings: string | undefined): boolean {
  return /(^|,)\s*gzip\s*(;\s*q=(1|0?\.\d*[1-9]))?\s*(,|$)/.test(encodings ?? '')
}

function listenWarning(error: NodeJS.ErrnoException, host: string, port: number): string {
  const reason = error.code === 'EADDRINUSE' ? 'the port is in use' : error.message
  return (
    `/metrics is not served on ${host}:${port}: ${reason}; the app runs on, ` +
    'and OTEL_EXPORTER_PROMETHEUS_PORT chooses another port'
  )
}

function closeServer(server: Server): void {
  server.close()
  server.closeAllConnections()
}
