import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Baggage, Context } from '@opentelemetry/api'
import { http } from '../shared/node-http.ts'
import { AppSpan } from './app-span.ts'
import { BAGGAGE_HEADER, parseBaggage } from './baggage.ts'
import { callbacksRestoreContext } from './callback-context.ts'
import { emitIn } from './emitter-context.ts'
import type { ErrorSink } from './guard.ts'
import type { HttpServerMetrics, MethodStats } from './http-server-metrics.ts'
import { IdleConnections } from './idle-connection.ts'
import { keepListener } from './kept-listener.ts'
import { LocalRoot, type RootDescription } from './local-root.ts'
import type { RequestTracker } from './request-tracker.ts'
import { parseTraceparent, type RemoteParent, withTraceState } from './trace-context.ts'

const SPAN_KIND_SERVER = 1
const TEXT_MAX = 512
/** Where a request, a response or a stream keeps its root. */
export const ROOT = Symbol('chokepoint.root')

/** Where a connection keeps its scheme: to look for `encrypted` where there is none takes a walk over five prototypes. */
const SCHEME = Symbol('chokepoint.scheme')

interface TrackedRequest extends IncomingMessage {
  [ROOT]?: HttpRoot
}

interface TrackedSocket extends Partial<Pick<TLSSocket, 'encrypted'>> {
  [SCHEME]?: 'http' | 'https'
  /** Node's parser while the connection has one, with the request that it announces. */
  readonly parser?: { readonly incoming?: unknown } | null
}

/** The local root of one HTTP request. */
export class HttpRoot extends LocalRoot {
  readonly method: MethodStats
  #request: IncomingMessage | undefined
  #response: ServerResponse | undefined
  /** Raw mount paths whose template differs, as Express routers find them. */
  mounts: Map<string, string> | undefined

  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    method: MethodStats,
    startMs: number,
    idleMs: number,
  ) {
    super(startMs, idleMs)
    this.#request = request
    this.#response = response
    this.method = method
  }

  describe(): RootDescription {
    const { route } = this
    const method = this.method.attributes['http.request.method'] as string
    const url = this.#request?.url ?? '/'
    const query = url.indexOf('?')
    const path = query < 0 ? url : url.slice(0, query)
    const response = this.#response
    const agent = headerOf(this.#request?.rawHeaders ?? [], 'user-agent')
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
        'http.response.status_code': response?.headersSent ? response.statusCode : undefined,
        'client.address': this.#request?.socket.remoteAddress,
        'user_agent.original': agent?.slice(0, TEXT_MAX),
      },
    }
  }

  override release(): void {
    super.release()
    this.#request = undefined
    this.#response = undefined
    this.mounts = undefined
  }

  protected readParent(): RemoteParent | undefined {
    const request = this.#request
    // Node builds `headers` on first use; a request that nobody traces and whose app reads none is spared that.
    if (request === undefined) return undefined
    if (headerOf(request.rawHeaders, 'traceparent') === undefined) return undefined
    const { traceparent, tracestate } = request.headers
    const parent = parseTraceparent(typeof traceparent === 'string' ? traceparent : undefined)
    return withTraceState(parent, Array.isArray(tracestate) ? tracestate.join(',') : tracestate)
  }

  protected override readBaggage(): Baggage | undefined {
    const request = this.#request
    if (request === undefined) return undefined
    if (headerOf(request.rawHeaders, BAGGAGE_HEADER) === undefined) return undefined
    const header = request.headers[BAGGAGE_HEADER]
    return parseBaggage(Array.isArray(header) ? header.join(',') : header)
  }

  protected makeOwnSpan(): AppSpan {
    return serverSpanOf(this, this.method)
  }

  protected override rpcMetadata(): unknown {
    return new RouteTarget(this)
  }
}

/** The span of a request's root, as the OpenTelemetry API shows it. */
export function serverSpanOf(root: LocalRoot, method: MethodStats): AppSpan {
  const start = {
    name: method.attributes['http.request.method'] as string,
    kind: SPAN_KIND_SERVER,
    scope: 'chokepoint',
    scopeVersion: undefined,
    startMs: root.startMs,
    parentSpanId: root.parent?.spanId,
    spanId: root.spanId,
  }
  // The request ends the span, not the app.
  return new AppSpan(root, start, () => {})
}

function schemeOf(socket: TrackedSocket): 'http' | 'https' {
  socket[SCHEME] ??= socket.encrypted ? 'https' : 'http'
  return socket[SCHEME]
}

/** The first value of a header in a list of names and values, as they came. Names come in any case. */
function headerOf(rawHeaders: readonly string[], wanted: string): string | undefined {
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index]!
    if (name.length === wanted.length && name.toLowerCase() === wanted) return rawHeaders[index + 1]
  }
  return undefined
}

/** The object through which OpenTelemetry's framework instrumentations tell the route. */
export class RouteTarget {
  readonly type = 'http'
  readonly #root: LocalRoot

  constructor(root: LocalRoot) {
    this.#root = root
  }

  get span(): AppSpan {
    return this.#root.span
  }

  get route(): string | undefined {
    return this.#root.route
  }

  set route(route: string | undefined) {
    this.#root.route = route
  }
}

/** The root of a request that our server hook has seen. */
export function httpRootOf(request: IncomingMessage): HttpRoot | undefined {
  return (request as TrackedRequest)[ROOT]
}

type Emit = (event: string, ...args: unknown[]) => boolean
type EmitRequest = (event: string, request: unknown, response: unknown) => boolean

/** Whether Node's own parser announces a request, and nobody else. */
function comesFromParser(request: TrackedRequest): boolean {
  return (request.socket as TrackedSocket).parser?.incoming === request
}

/** Lets the requests that servers of a class emit run in a root of their own. */
export type PatchServer = (prototype: { emit: Emit }) => void

/**
 * Watches all servers of `node:http`; gives the way to watch another class of HTTP/1 servers. `emit` is patched and not
 * only observed, because the handler must run inside the request's AsyncLocalStorage scope; the end is the response's
 * `close`, which comes also when the client goes away (`http.server.response.finish` does not).
 */
export function watchHttpServers(
  tracker: RequestTracker,
  metrics: HttpServerMetrics,
  ownPorts: ReadonlySet<number>,
  report: ErrorSink,
): PatchServer {
  const { clock, store } = tracker
  const nodeRestores = callbacksRestoreContext()
  const connections = new IdleConnections(store)

  function begin(request: TrackedRequest, response: ServerResponse): HttpRoot | undefined {
    if (ownPorts.size > 0 && ownPorts.has(request.socket.localPort ?? 0)) return undefined
    const startMs = clock.mark()
    const method = metrics.method(request.method, schemeOf(request.socket as TrackedSocket))
    const root = new HttpRoot(request, response, method, startMs, clock.idleMs)
    if (!tracker.propagates) root.ignoreCaller()
    if (!tracker.carriesBaggage) root.ignoreBaggage()
    if (request.method !== 'GET' && request.method !== 'HEAD') emitIn(root, request, store)
    metrics.addActive(method, 1)
    request[ROOT] = root
    response.on('close', onClose)
    return root
  }

  function onClose(this: ServerResponse<TrackedRequest>): void {
    try {
      const root = this.req[ROOT]
      if (root === undefined || root.ended) return
      end(root, this)
      connections.forget(this.req.socket)
    } catch (error) {
      report(error)
    }
  }

  function end(root: HttpRoot, response: ServerResponse): void {
    const endMs = clock.charge(root)
    const { method } = root
    const status = response.headersSent ? response.statusCode : undefined
    const errorType = serverErrorType(status)
    const stats = metrics.route(method, root.route)
    metrics.addActive(method, -1)
    stats.record(endMs - root.startMs, status, errorType)
    tracker.endRoot(root, stats, endMs, errorType)
  }

  function emitInRoots(emit: Emit): Emit {
    const emitHere: EmitRequest = function chokepointEmit(this: unknown, event, request, response) {
      // biome-ignore lint/complexity/noArguments: events have as many arguments as they were given, at no cost
      const given = arguments
      if (event !== 'request' || given.length !== 3) return emit.apply(this, given as never)
      let root: HttpRoot | undefined
      try {
        root = begin(request as IncomingMessage, response as ServerResponse)
      } catch (error) {
        report(error)
      }
      if (root === undefined) return emit.call(this, event, request, response)
      const context = store.getStore()
      // What Node calls from its parser ends with this event: it takes the context back by itself, at no cost.
      const leaves =
        nodeRestores && context === undefined && comesFromParser(request as TrackedRequest)
      store.enterWith(root)
      try {
        return emit.call(this, event, request, response)
      } finally {
        if (!root.ended) clock.chargeAtOnce(root)
        // As `run` does it, without its closures and arrays; nothing here may throw.
        if (!leaves) store.enterWith(context as Context)
      }
    }
    return emitHere as Emit
  }

  // All classes have theirs from EventEmitter. Of a function that there is only once V8 knows what it closes over.
  const patched = new Map<Emit, Emit>()

  function patch(prototype: { emit: Emit }): void {
    const { emit } = prototype
    const emitHere = patched.get(emit) ?? emitInRoots(emit)
    patched.set(emit, emitHere)
    prototype.emit = emitHere
  }

  patch(http.Server.prototype as { emit: Emit })
  const waits = ({ req }: ServerResponse<TrackedRequest>): boolean => req?.[ROOT]?.ended === false
  keepListener(http.ServerResponse.prototype, { event: 'close', listener: onClose, waits }, report)
  return patch
}

/**
 * "If response status code was sent or received and status indicates an error [...] error.type SHOULD be set to the
 * status code number [...] or a low-cardinality error identifier"; on the server side 4xx is no error.
 * (opentelemetry.io/docs/specs/semconv/http/http-metrics)
 */
export function serverErrorType(status: number | undefined): string | undefined {
  // Without a status the connection went away before the answer began.
  if (status === undefined) return 'aborted'
  return status >= 500 ? String(status) : undefined
}
