import { subscribe } from 'node:diagnostics_channel'
import { BAGGAGE_HEADER } from './baggage.ts'
import { errorName } from './error-name.ts'
import { type ErrorSink, guarded } from './guard.ts'
import { clientErrorType, type HttpClientMetrics, type PeerStats } from './http-client-metrics.ts'
import { baggageOf, traceparentOf, traceStateOf } from './outgoing-trace.ts'
import type { Pool } from './pool-metrics.ts'
import type { RequestTracker } from './request-tracker.ts'
import { UndiciCall } from './undici-call.ts'
import type { UndiciPools } from './undici-pool.ts'

const CALL = Symbol('chokepoint.call')

/** The part of undici's request that its channels show (undici.nodejs.org, DiagnosticsChannel). */
interface UndiciRequest {
  readonly origin: string | URL | undefined
  readonly method: string
  readonly path: string
  /** Names and values in turn; a string in old versions. */
  readonly headers?: unknown[] | string
  addHeader?(name: string, value: string): void
  [CALL]?: UndiciCall | undefined
}

interface Origin {
  readonly text: string
  readonly host: string
  readonly port: number
  readonly pool: Pool | undefined
  /** Its numbers, by the method as it was given. */
  readonly peers: Map<string, PeerStats>
}

/** Origins whose parsed form is kept. */
const ORIGINS_MAX = 200
/** Methods of one origin whose numbers are found at once: an app may make up methods without end. */
const METHODS_MAX = 16

export interface UndiciParts {
  readonly tracker: RequestTracker
  readonly metrics: HttpClientMetrics
  readonly pools: UndiciPools
  readonly report: ErrorSink
}

/** Watches `fetch` and undici by undici's channels, both the copy inside Node and one from npm. */
export function watchUndici({ tracker, metrics, pools, report }: UndiciParts): void {
  const origins = new Map<string, Origin>()

  function originOf(request: UndiciRequest): Origin {
    const text = String(request.origin ?? '')
    const known = origins.get(text)
    if (known !== undefined) return known
    const url = URL.canParse(text) ? new URL(text) : undefined
    const standard = url?.protocol === 'https:' ? 443 : 80
    const port = url === undefined || url.port === '' ? standard : Number(url.port)
    const host = url?.hostname ?? 'unknown'
    const origin = { text, host, port, pool: pools.poolOf(text), peers: new Map() }
    if (origins.size < ORIGINS_MAX) origins.set(text, origin)
    return origin
  }

  function peerOf({ host, port, peers }: Origin, method: string): PeerStats {
    const known = peers.get(method)
    if (known !== undefined) return known
    const peer = metrics.peer(method, host, port)
    if (peers.size < METHODS_MAX) peers.set(method, peer)
    return peer
  }

  const onCreate = guarded(report, (message: unknown) => {
    const { request } = message as { request: UndiciRequest }
    const origin = originOf(request)
    const peer = peerOf(origin, request.method)
    const call = tracker.startCall(metrics.shape(peer, request.path))
    const use = { pool: origin.pool, queued: pools.taken() }
    request[CALL] = new UndiciCall(call, peer, origin.text, request.path, use)
    const header = traceparentOf(tracker, call)
    if (header !== undefined) {
      addHeader(request, 'traceparent', header)
      addHeader(request, 'tracestate', traceStateOf(call))
    }
    addHeader(request, BAGGAGE_HEADER, baggageOf(tracker))
  })

  const onSent = guarded(report, (message: unknown) => {
    ;(message as { request: UndiciRequest }).request[CALL]?.sent()
  })

  const onHeaders = guarded(report, (message: unknown) => {
    const { request, response } = message as {
      request: UndiciRequest
      response: { statusCode: number }
    }
    const tracked = request[CALL]
    if (tracked !== undefined) tracked.status = response.statusCode
  })

  function end(request: UndiciRequest, error: unknown): void {
    const tracked = request[CALL]
    if (tracked === undefined) return
    const { call, peer, status } = tracked
    const errorType = error === undefined ? clientErrorType(status) : errorName(error)
    metrics.record(peer, tracker.endCall(call, errorType), status, errorType)
    tracked.freed()
    // `fetch` keeps its request until a full collection. Not deleted: that would make it a dictionary of two kilobytes.
    request[CALL] = undefined
  }

  const onTrailers = guarded(report, (message: unknown) => {
    end((message as { request: UndiciRequest }).request, undefined)
  })

  const onError = guarded(report, (message: unknown) => {
    const { request, error } = message as { request: UndiciRequest; error: unknown }
    end(request, error ?? 'unknown')
  })

  subscribe('undici:request:create', onCreate)
  subscribe('undici:client:sendHeaders', onSent)
  subscribe('undici:request:headers', onHeaders)
  subscribe('undici:request:trailers', onTrailers)
  subscribe('undici:request:error', onError)
}

/**
 * A header that the app has set itself stays as it is. Ours are put straight among the others where they are a list: what
 * undici does to a header that an app gives, it need not do to one that is known to be valid.
 */
function addHeader(request: UndiciRequest, name: string, value: string | undefined): void {
  if (value === undefined) return
  const { headers } = request
  if (!Array.isArray(headers)) request.addHeader?.(name, value)
  else if (!hasHeader(headers, name)) headers.push(name, value)
}

function hasHeader(headers: readonly unknown[], wanted: string): boolean {
  for (let index = 0; index < headers.length; index += 2) {
    const name = String(headers[index])
    if (name.length === wanted.length && name.toLowerCase() === wanted) return true
  }
  return false
}
