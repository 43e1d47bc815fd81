import { HistogramRecorder } from '../shared/histogram-recorder.ts'
import { recordedInstrument } from '../shared/recorded-instruments.ts'
import type { SeriesAttributes, SeriesWriter } from '../shared/series-writer.ts'
import { type RootHistograms, RouteStats } from './route-stats.ts'

/**
 * "If the HTTP request method is not known to instrumentation, it MUST set the http.request.method attribute to
 * _OTHER." (opentelemetry.io/docs/specs/semconv/http/http-metrics)
 */
const KNOWN_METHODS = new Set([
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'HEAD',
  'OPTIONS',
  'QUERY',
  'CONNECT',
  'TRACE',
])

/** The method as an attribute may have it. */
export function knownMethod(method: string | undefined): string {
  return method !== undefined && KNOWN_METHODS.has(method) ? method : '_OTHER'
}

/** Routes of one method beyond this share one place. */
const ROUTES_MAX = 1000

/** The numbers of one method, scheme and route. */
export class HttpRouteStats extends RouteStats {
  readonly #duration: HistogramRecorder
  readonly #attributes: SeriesAttributes
  readonly #places = new Map<string | number, number>()

  constructor(
    attributes: SeriesAttributes,
    route: string | undefined,
    duration: HistogramRecorder,
    histograms: RootHistograms,
  ) {
    super(route, histograms)
    this.#attributes = route === undefined ? attributes : { ...attributes, 'http.route': route }
    this.#duration = duration
  }

  /** Records one response; `status` is undefined when none was sent. */
  record(durationMs: number, status: number | undefined, errorType: string | undefined): void {
    const key = errorType === undefined ? (status ?? 0) : `${status} ${errorType}`
    let place = this.#places.get(key)
    if (place === undefined) {
      place = this.#duration.intern({
        ...this.#attributes,
        ...(status === undefined ? {} : { 'http.response.status_code': status }),
        ...(errorType === undefined ? {} : { 'error.type': errorType }),
      })
      this.#places.set(key, place)
    }
    this.#duration.record(place, durationMs / 1000)
  }
}

/** What an app's server has answered so far: one tree of maps from scheme, method and route to a place. */
export class HttpServerMetrics {
  readonly #writer: SeriesWriter
  readonly #duration: HistogramRecorder
  readonly #histograms: RootHistograms
  readonly #active = recordedInstrument('http.server.active_requests')
  readonly #methods = new Map<string, MethodStats>()
  /** Most requests of a server have the method of the request before. */
  #lastMethod: { readonly given: string | undefined; readonly stats: MethodStats } | undefined

  constructor(writer: SeriesWriter, histograms: RootHistograms) {
    this.#writer = writer
    this.#histograms = histograms
    this.#duration = new HistogramRecorder(
      writer,
      recordedInstrument('http.server.request.duration'),
    )
  }

  /** The numbers of a method; kept on the request, so that it is looked up once. */
  method(given: string | undefined, scheme: string): MethodStats {
    const last = this.#lastMethod
    if (last !== undefined && last.given === given && last.stats.scheme === scheme)
      return last.stats
    const stats = this.#method(knownMethod(given), scheme)
    this.#lastMethod = { given, stats }
    return stats
  }

  #method(method: string, scheme: string): MethodStats {
    const known = this.#methods.get(method)
    if (known !== undefined && known.scheme === scheme) return known
    const stats = this.#intern(`${scheme} ${method}`, scheme, {
      'http.request.method': method,
      'url.scheme': scheme,
    })
    if (known === undefined) this.#methods.set(method, stats)
    return stats
  }

  /** The numbers of a method of HTTP/2. HTTP/1 goes without a version: it is what most series are. */
  http2Method(method: string, scheme: string): MethodStats {
    return this.#intern(`2 ${scheme} ${method}`, scheme, {
      'http.request.method': method,
      'url.scheme': scheme,
      'network.protocol.version': '2',
    })
  }

  #intern(key: string, scheme: string, attributes: SeriesAttributes): MethodStats {
    let stats = this.#methods.get(key)
    if (stats === undefined) {
      stats = {
        scheme,
        attributes,
        active: this.#writer.intern(this.#active, attributes),
        unknownRoute: new HttpRouteStats(attributes, undefined, this.#duration, this.#histograms),
        routes: new Map(),
      }
      this.#methods.set(key, stats)
    }
    return stats
  }

  /** Counts a request that has come in or gone out. */
  addActive(method: MethodStats, change: 1 | -1): void {
    this.#writer.add(method.active, change)
  }

  /** The numbers of a route. */
  route(method: MethodStats, route: string | undefined): HttpRouteStats {
    if (route === undefined) return method.unknownRoute
    let stats = method.routes.get(route)
    if (stats === undefined) {
      // An app may make up routes without end: those beyond the limit are counted in the overflow series.
      if (method.routes.size >= ROUTES_MAX && route !== OTHER_ROUTE) {
        this.#writer.drop('series.limit')
        return this.route(method, OTHER_ROUTE)
      }
      stats = new HttpRouteStats(method.attributes, route, this.#duration, this.#histograms)
      method.routes.set(route, stats)
    }
    return stats
  }
}

const OTHER_ROUTE = '_OTHER'

/** The numbers of one scheme and method. */
export interface MethodStats {
  readonly scheme: string
  readonly attributes: SeriesAttributes
  /** Place of `http.server.active_requests`. */
  readonly active: number
  readonly unknownRoute: HttpRouteStats
  readonly routes: Map<string, HttpRouteStats>
}
