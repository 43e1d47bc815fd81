import { HistogramRecorder } from '../shared/histogram-recorder.ts'
import { recordedInstrument } from '../shared/recorded-instruments.ts'
import type { SeriesWriter } from '../shared/series-writer.ts'
import type { CallShape, ShapeTable } from './call-shape.ts'
import { knownMethod } from './http-server-metrics.ts'

const SPAN_KIND_CLIENT = 2
/** Peers of one method whose places are kept; the rest is interned each time, and ends in the overflow. */
const PEERS_MAX = 500

/** Paths of one peer whose shapes are kept, and the longest of them: an app may call paths without end. */
const PATHS_MAX = 32
const PATH_LENGTH_MAX = 128

/** Where the numbers of one method and peer go. */
export interface PeerStats {
  readonly method: string
  readonly host: string
  readonly port: number
  /** `network.protocol.version`, when it is not HTTP/1. */
  readonly version: '2' | undefined
  readonly places: Map<string | number, number>
  /** Shapes by the path as it was called, so that a path called often is not taken apart each time. */
  readonly shapes: Map<string, CallShape>
}

/** The durations of calls to other services over HTTP, whichever client made them. */
export class HttpClientMetrics {
  readonly #shapes: ShapeTable
  readonly #duration: HistogramRecorder
  readonly #peers = new Map<string, PeerStats>()

  constructor(writer: SeriesWriter, shapes: ShapeTable) {
    this.#shapes = shapes
    this.#duration = new HistogramRecorder(
      writer,
      recordedInstrument('http.client.request.duration'),
    )
  }

  /** The numbers of a peer. */
  peer(method: string, host: string, port: number, version?: '2'): PeerStats {
    const key = version === undefined ? `${method} ${host}:${port}` : `2 ${method} ${host}:${port}`
    let peer = this.#peers.get(key)
    if (peer === undefined) {
      const known = knownMethod(method)
      peer = { method: known, host, port, version, places: new Map(), shapes: new Map() }
      if (this.#peers.size < PEERS_MAX) this.#peers.set(key, peer)
    }
    return peer
  }

  /** The form of a call, with its path but without the values in it. */
  shape(peer: PeerStats, path: string): CallShape {
    const known = peer.shapes.get(path)
    if (known !== undefined) return known
    const shape = this.#newShape(peer, path)
    // The shape `other` of a full table is not kept: each call that ends in it counts as a drop.
    const kept = shape.shape !== 'other' && path.length <= PATH_LENGTH_MAX
    if (kept && peer.shapes.size < PATHS_MAX) peer.shapes.set(path, shape)
    return shape
  }

  #newShape(peer: PeerStats, path: string): CallShape {
    const target = `${peer.host}:${peer.port}`
    return this.#shapes.intern(
      'http',
      target,
      `${peer.method} ${pathShape(path)}`,
      (target, shape) => ({
        kind: 'http',
        target,
        shape,
        counted: true,
        spanName: peer.method,
        spanKind: SPAN_KIND_CLIENT,
        scope: 'chokepoint',
        attributes: {
          'http.request.method': peer.method,
          'server.address': peer.host,
          'server.port': peer.port,
          ...versionOf(peer),
        },
      }),
    )
  }

  /** Records one call; `status` is undefined when no response came. */
  record(
    peer: PeerStats,
    durationMs: number,
    status: number | undefined,
    errorType: string | undefined,
  ): void {
    const key = errorType === undefined ? (status ?? 0) : `${status} ${errorType}`
    let place = peer.places.get(key)
    if (place === undefined) {
      place = this.#duration.intern({
        'http.request.method': peer.method,
        'server.address': peer.host,
        'server.port': peer.port,
        ...versionOf(peer),
        ...(status === undefined ? {} : { 'http.response.status_code': status }),
        ...(errorType === undefined ? {} : { 'error.type': errorType }),
      })
      peer.places.set(key, place)
    }
    this.#duration.record(place, durationMs / 1000)
  }
}

function versionOf({ version }: PeerStats): { 'network.protocol.version'?: string } {
  return version === undefined ? {} : { 'network.protocol.version': version }
}

const SEGMENTS_MAX = 8

/** A path with `{}` for each segment that looks like a value: digits, hex, long or encoded text. */
export function pathShape(path: string): string {
  const end = path.search(/[?#]/)
  const segments = (end < 0 ? path : path.slice(0, end)).split('/')
  const kept = segments.slice(0, SEGMENTS_MAX + 1).map((segment) => {
    const value = /\d|%|[^\w.~-]/.test(segment) && !/^v\d{1,2}$/.test(segment)
    return value || segment.length > 32 ? '{}' : segment
  })
  return kept.join('/') + (segments.length > SEGMENTS_MAX + 1 ? '/…' : '')
}

/**
 * The error of a response by its status: for a client 4xx is an error too.
 * (opentelemetry.io/docs/specs/semconv/http/http-metrics)
 */
export function clientErrorType(status: number | undefined): string | undefined {
  return status !== undefined && status >= 400 ? String(status) : undefined
}
