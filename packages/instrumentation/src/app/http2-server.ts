import type { Http2ServerRequest, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import type { TLSSocket } from 'node:tls'
import type { Baggage } from '@opentelemetry/api'
import type { AppSpan } from './app-span.ts'
import { BAGGAGE_HEADER, parseBaggage } from './baggage.ts'
import type { Http2 } from './builtin-loaded.ts'
import { emitIn } from './emitter-context.ts'
import type { ErrorSink } from './guard.ts'
import {
  type PatchServer,
  ROOT,
  RouteTarget,
  serverErrorType,
  serverSpanOf,
} from './http-server.ts'
import { type HttpServerMetrics, knownMethod, type MethodStats } from './http-server-metrics.ts'
import { LocalRoot, type RootDescription } from './local-root.ts'
import type { RequestTracker } from './request-tracker.ts'
import { parseTraceparent, type RemoteParent, withTraceState } from './trace-context.ts'

const SPAN_KIND_SERVER = 1
const TEXT_MAX = 512

type Emit = (event: string, ...args: unknown[]) => boolean
type Tracked = { [ROOT]?: LocalRoot | undefined }

/** The local root of one stream of HTTP/2. */
export class Http2Root extends LocalRoot {
  readonly method: MethodStats
  readonly #stream: ServerHttp2Stream
  #headers: IncomingHttpHeaders | undefined
  readonly #address: string | undefined

  constructor(
    stream: ServerHttp2Stream,
    headers: IncomingHttpHeaders,
    start: { readonly method: MethodStats; readonly startMs: number; readonly idleMs: number },
  ) {
    super(start.startMs, start.idleMs)
    this.method = start.method
    this.#stream = stream
    this.#headers = headers
    // Once the session is gone nobody knows the address any more.
    this.#address = stream.session?.socket?.remoteAddress
  }

  /** The status that was sent, if any. */
  get status(): number | undefined {
    const status = this.#stream.sentHeaders?.[':status']
    return status === undefined ? undefined : Number(status)
  }

  describe(): RootDescription {
    const { route, status } = this
    const method = this.method.attributes['http.request.method'] as string
    const headers = this.#headers ?? {}
    const path = String(headers[':path'] ?? '/').split('?', 1)[0]!
    const agent = headers['user-agent']
    const name = this.ownSpan?.name ?? method
    const renamed = this.ownSpan !== undefined && name !== this.ownSpan.start.name
    return {
      name: renamed || route === undefined ? name : `${method} ${route}`,
      kind: SPAN_KIND_SERVER,
      common: this.method.attributes,
      attributes: {
        // Without the query: it may hold secrets.
        'url.path': path.slice(0, TEXT_MAX),
        'http.route': route,
        'http.response.status_code': status,
        'client.address': this.#address,
        'user_agent.original': agent?.slice(0, TEXT_MAX),
      },
    }
  }

  override release(): void {
    super.release()
    this.#headers = undefined
  }

  protected readParent(): RemoteParent | undefined {
    const headers = this.#headers
    return withTraceState(
      parseTraceparent(headerText(headers, 'traceparent')),
      headerText(headers, 'tracestate'),
    )
  }

  protected override readBaggage(): Baggage | undefined {
    return parseBaggage(headerText(this.#headers, BAGGAGE_HEADER))
  }

  protected makeOwnSpan(): AppSpan {
    return serverSpanOf(this, this.method)
  }

  protected override rpcMetadata(): unknown {
    return new RouteTarget(this)
  }
}

function headerText(headers: IncomingHttpHeaders | undefined, name: string): string | undefined {
  const header = headers?.[name]
  return Array.isArray(header) ? header.join(',') : header
}

/**
 * Watches the HTTP/2 servers of the process. Both ways to write one, streams and requests as in HTTP/1, come through
 * the server's `stream` event. Calls of gRPC are left to its own instrumentation, whose names say more.
 */
export function watchHttp2Servers(
  http2: Http2,
  parts: {
    readonly tracker: RequestTracker
    readonly metrics: HttpServerMetrics
    readonly patchHttp1: PatchServer
    readonly report: ErrorSink
  },
): void {
  const { tracker, metrics, patchHttp1, report } = parts
  const { clock, store } = tracker

  function begin(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Http2Root | undefined {
    if (headers['content-type']?.startsWith('application/grpc')) return undefined
    const startMs = clock.mark()
    const secure = (stream.session?.socket as TLSSocket | undefined)?.encrypted === true
    const method = metrics.http2Method(
      knownMethod(headers[':method']),
      headers[':scheme'] === 'https' || secure ? 'https' : 'http',
    )
    const root = new Http2Root(stream, headers, { method, startMs, idleMs: clock.idleMs })
    if (!tracker.propagates) root.ignoreCaller()
    if (!tracker.carriesBaggage) root.ignoreBaggage()
    metrics.addActive(method, 1)
    ;(stream as Tracked)[ROOT] = root
    emitIn(root, stream, store)
    stream.on('close', () => {
      try {
        if (!root.ended) end(root)
      } catch (error) {
        report(error)
      }
    })
    return root
  }

  function end(root: Http2Root): void {
    const endMs = clock.charge(root)
    const { method, status } = root
    const errorType = serverErrorType(status)
    const stats = metrics.route(method, root.route)
    metrics.addActive(method, -1)
    stats.record(endMs - root.startMs, status, errorType)
    tracker.endRoot(root, stats, endMs, errorType)
  }

  function runHandler(root: Http2Root, emit: Emit, server: unknown, args: unknown[]): boolean {
    try {
      return emit.call(server, 'stream', ...args)
    } finally {
      if (!root.ended) clock.charge(root)
    }
  }

  function patch(prototype: { emit: Emit }): void {
    const plain = prototype.emit
    // A server that allows HTTP/1 too emits its requests itself.
    patchHttp1(prototype)
    const withHttp1 = prototype.emit
    prototype.emit = function chokepointEmit(this: unknown, event, ...args) {
      if (event === 'request') {
        const request = args[0] as Http2ServerRequest & Tracked
        if (request.httpVersionMajor < 2) return withHttp1.call(this, event, ...args)
        request[ROOT] = (request.stream as Tracked | undefined)?.[ROOT]
        return plain.call(this, event, ...args)
      }
      if (event !== 'stream') return plain.call(this, event, ...args)
      let root: Http2Root | undefined
      try {
        root = begin(args[0] as ServerHttp2Stream, args[1] as IncomingHttpHeaders)
      } catch (error) {
        report(error)
      }
      if (root === undefined) return plain.call(this, event, ...args)
      return store.run(root, runHandler, root, plain, this, args)
    }
  }

  // The classes are not exported; an instance that never listens knows them.
  for (const server of [http2.createServer(), http2.createSecureServer()]) {
    patch(Object.getPrototypeOf(server) as { emit: Emit })
  }
}
