import { subscribe } from 'node:diagnostics_channel'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { http } from '../shared/node-http.ts'
import { BAGGAGE_HEADER } from './baggage.ts'
import { errorName } from './error-name.ts'
import type { ErrorSink } from './guard.ts'
import { guarded } from './guard.ts'
import { HttpCall } from './http-call.ts'
import { clientErrorType, type HttpClientMetrics } from './http-client-metrics.ts'
import { keepListener } from './kept-listener.ts'
import { baggageOf, traceparentOf, traceStateOf } from './outgoing-trace.ts'
import type { RequestTracker } from './request-tracker.ts'

const CALL = Symbol('chokepoint.call')

interface TrackedRequest extends ClientRequest {
  [CALL]?: HttpCall
  readonly res?: IncomingMessage | null
}

/**
 * Watches requests made with `node:http` and `node:https` by Node's own channels: no patch, CommonJS and ES
 * modules alike. The end is the request's `close`: then the body has been read, or the connection is gone.
 */
export function watchHttpClients(
  tracker: RequestTracker,
  metrics: HttpClientMetrics,
  report: ErrorSink,
): void {
  const onCreated = guarded(report, (message: unknown) => {
    const { request } = message as { request: TrackedRequest }
    const { host, port } = peerOf(request)
    const peer = metrics.peer(request.method, host, port)
    const call = tracker.startCall(metrics.shape(peer, request.path))
    request[CALL] = new HttpCall(call, peer, originOf(request), request.path)
    const header = traceparentOf(tracker, call)
    if (header !== undefined) {
      setHeader(request, 'traceparent', header)
      setHeader(request, 'tracestate', traceStateOf(call))
    }
    setHeader(request, BAGGAGE_HEADER, baggageOf(tracker))
    request.on('close', onClose)
  })

  const onError = guarded(report, (message: unknown) => {
    const { request, error } = message as { request: TrackedRequest; error: unknown }
    const tracked = request[CALL]
    if (tracked !== undefined) tracked.errorType = errorName(error)
  })

  const onClose = guarded(report, function (this: TrackedRequest): void {
    const tracked = this[CALL]
    if (tracked === undefined || tracked.call.endMs !== undefined) return
    const { call, peer } = tracked
    const status = this.res?.statusCode
    const errorType = tracked.errorType ?? clientErrorType(status)
    tracked.status = status
    metrics.record(peer, tracker.endCall(call, errorType), status, errorType)
  })

  const waits = ({ [CALL]: tracked }: TrackedRequest): boolean =>
    tracked !== undefined && tracked.call.endMs === undefined
  const kept = { event: 'close', listener: onClose, waits }
  keepListener<TrackedRequest>(http.ClientRequest.prototype, kept, report)
  subscribe('http.client.request.created', onCreated)
  subscribe('http.client.request.error', onError)
}

/** A header that the app has set itself stays as it is. */
function setHeader(request: ClientRequest, name: string, value: string | undefined): void {
  if (value === undefined || request.headersSent || request.hasHeader(name)) return
  request.setHeader(name, value)
}

/** The host and port as the app named them; a Unix socket has neither. */
function peerOf(request: ClientRequest): { host: string; port: number } {
  const { host, protocol, socketPath } = request as ClientRequest & { socketPath?: string }
  if (typeof socketPath === 'string') return { host: socketPath, port: 0 }
  const header = hostHeaderOf(request)
  const standard = protocol === 'https:' ? 443 : 80
  if (header === undefined) return { host, port: standard }
  const colon = header.lastIndexOf(':')
  const port = colon > header.lastIndexOf(']') ? Number(header.slice(colon + 1)) : standard
  return { host: colon > 0 && port !== standard ? header.slice(0, colon) : host, port }
}

function originOf(request: ClientRequest): string {
  return `${request.protocol}//${hostHeaderOf(request) ?? request.host}`
}

/** Headers that the app gives as a list are text at once, and can be asked for by that only. */
function hostHeaderOf(request: ClientRequest & { _header?: string | null }): string | undefined {
  const header = request.getHeader('host')
  if (typeof header === 'string') return header
  return /^host: *(.+?) *\r$/im.exec(request._header ?? '')?.[1]
}
