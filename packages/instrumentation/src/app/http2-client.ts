import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2'
import { PassThrough } from 'node:stream'
import { BAGGAGE_HEADER } from './baggage.ts'
import type { Http2 } from './builtin-loaded.ts'
import { errorName } from './error-name.ts'
import { type ErrorSink, guarded } from './guard.ts'
import { hiddenValue } from './hidden-value.ts'
import { HttpCall } from './http-call.ts'
import { clientErrorType, type HttpClientMetrics } from './http-client-metrics.ts'
import { baggageOf, traceparentOf, traceStateOf } from './outgoing-trace.ts'
import type { RequestTracker } from './request-tracker.ts'

/** Newer versions of Node take names and values in turn, too. */
type Headers = OutgoingHttpHeaders | readonly string[] | undefined
type Request = (
  this: ClientHttp2Session,
  headers?: Headers,
  ...rest: unknown[]
) => ClientHttp2Stream

/** What a request tells before it is made. */
interface Target {
  readonly method: string
  readonly path: string
  readonly host: string
  readonly port: number
  readonly origin: string
}

/** Watches requests made by `http2.connect().request()`. Those of gRPC are left to its own instrumentation. */
export function watchHttp2Clients(
  http2: Http2,
  tracker: RequestTracker,
  metrics: HttpClientMetrics,
  report: ErrorSink,
): void {
  const prototype = sessionPrototype(http2)
  const request = prototype.request
  prototype.request = function chokepointRequest(headers, ...rest) {
    let watch: { headers: Headers; follow: (stream: ClientHttp2Stream) => void } | undefined
    try {
      watch = begin(this, headers)
    } catch (error) {
      report(error)
    }
    if (watch === undefined) return request.call(this, headers, ...rest)
    // What it throws is the app's: a wrong header, for one. Then there is no call.
    const stream = request.call(this, watch.headers, ...rest)
    watch.follow(stream)
    return stream
  }

  function begin(session: ClientHttp2Session, given: Headers) {
    const read = (name: string): string | undefined => headerOf(given, name)
    if (read('content-type')?.startsWith('application/grpc')) return undefined
    const { method, path, host, port, origin } = targetOf(session, read)
    const peer = metrics.peer(method, host, port, '2')
    const call = tracker.startCall(metrics.shape(peer, path))
    const tracked = new HttpCall(call, peer, origin, path)
    const traceparent = traceparentOf(tracker, call)
    const headers = withHeaders(given, [
      ['traceparent', traceparent],
      ['tracestate', traceparent === undefined ? undefined : traceStateOf(call)],
      [BAGGAGE_HEADER, baggageOf(tracker)],
    ])
    const follow = guarded(report, (stream: ClientHttp2Stream) => {
      stream.on('response', (answer) => {
        tracked.status = answer[':status']
      })
      const onClose = guarded(report, () => {
        const { errored, rstCode } = stream
        const { status } = tracked
        const error = errored ?? (status === undefined ? `RST_STREAM ${rstCode ?? 0}` : undefined)
        const errorType = error == null ? clientErrorType(status) : errorName(error)
        metrics.record(peer, tracker.endCall(call, errorType), status, errorType)
      })
      stream.on('close', onClose)
    })
    return { headers, follow }
  }
}

/** The class is not exported; a session over a stream that goes nowhere knows it. */
function sessionPrototype(http2: Http2): { request: Request } {
  const session = http2.connect('http://localhost', { createConnection: () => new PassThrough() })
  session.on('error', () => {})
  const prototype = Object.getPrototypeOf(session) as { request: Request }
  session.destroy()
  return prototype
}

function targetOf(session: ClientHttp2Session, read: (name: string) => string | undefined): Target {
  const { socket, encrypted = false } = session
  const scheme = read(':scheme') ?? (encrypted ? 'https' : 'http')
  const known = read(':authority') ?? read('host') ?? authorityOf(session)
  const url = known === undefined ? undefined : asUrl(known, scheme)
  const host = url?.hostname ?? socket?.remoteAddress ?? 'unknown'
  const standard = scheme === 'https' ? 443 : 80
  const port = url === undefined ? (socket?.remotePort ?? standard) : Number(url.port || standard)
  const origin = `${scheme}://${port === standard ? host : `${host}:${port}`}`
  return { method: read(':method') ?? 'GET', path: read(':path') ?? '/', host, port, origin }
}

/** What `http2.connect` was given; Node keeps it under a symbol of its own, and fills `:authority` with it. */
function authorityOf(session: ClientHttp2Session): string | undefined {
  const value = hiddenValue(session, 'authority')
  return typeof value === 'string' && value !== '' ? value : undefined
}

function asUrl(text: string, scheme: string): URL | undefined {
  const full = text.includes('://') ? text : `${scheme}://${text}`
  return URL.canParse(full) ? new URL(full) : undefined
}

function headerOf(headers: Headers, name: string): string | undefined {
  if (headers === undefined || headers === null) return undefined
  if (Array.isArray(headers)) {
    const index = headers.findIndex((text, at) => at % 2 === 0 && text.toLowerCase() === name)
    return index < 0 ? undefined : String(headers[index + 1])
  }
  const found = Object.keys(headers).find((key) => key.toLowerCase() === name)
  const value = found === undefined ? undefined : (headers as OutgoingHttpHeaders)[found]
  return value === undefined ? undefined : String(value)
}

/** The headers with some of ours; one that the app has set itself stays as it is. */
function withHeaders(
  given: Headers,
  wanted: readonly (readonly [name: string, value: string | undefined])[],
): Headers {
  const added = wanted.filter(
    (pair): pair is [string, string] =>
      pair[1] !== undefined && headerOf(given, pair[0]) === undefined,
  )
  if (added.length === 0) return given
  if (Array.isArray(given)) return [...given, ...added.flat()]
  return { ...(given as OutgoingHttpHeaders | undefined), ...Object.fromEntries(added) }
}
