import type { ScopeMetrics } from '@opentelemetry/sdk-metrics'
import type { Settings } from '../settings/settings.ts'
import type { SentRuntimeSample } from './runtime-sample.ts'

/** Where a worker process stands in its cluster. */
export interface ClusterPlace {
  /** The number that the cluster gave it. */
  readonly workerId: string
  readonly primaryPid: number
}

/** What the app thread hands to the watch thread when it starts it. */
export interface WatchThreadData {
  readonly buffer: SharedArrayBuffer
  readonly settings: Settings
  /** `process.argv[1]` of the app: where the service's package.json is looked for. */
  readonly mainScript: string | undefined
  /** Absent in a process that is nobody's worker. */
  readonly cluster?: ClusterPlace | undefined
  /** Milliseconds between heartbeats of the app thread. */
  readonly heartbeatMs: number
  /** Wall clock when the process began, in ms: start time of every cumulative series. */
  readonly startedAtMs: number
}

/** A value that OpenTelemetry allows for an attribute of a span. */
export type SpanAttributeValue =
  | string
  | number
  | boolean
  | readonly (string | number | boolean | null | undefined)[]

/** Attributes of a span; one that is undefined is not there. */
export type SpanRecordAttributes = Record<string, SpanAttributeValue | undefined>

export interface SpanRecordEvent {
  readonly name: string
  readonly timeMs: number
  readonly attributes?: SpanRecordAttributes
}

export interface SpanRecordLink {
  readonly traceId: string
  readonly spanId: string
  readonly attributes?: SpanRecordAttributes
}

/** An ended span, as it crosses the threads. Times are wall clock in ms, with fractions. */
export interface SpanRecord {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string | undefined
  /** Whether the parent is in another process. */
  readonly parentIsRemote?: boolean | undefined
  readonly traceState?: string | undefined
  readonly name: string
  /** `SpanKind` of the OpenTelemetry API. */
  readonly kind: number
  readonly startMs: number
  readonly endMs: number
  /** Attributes that it has in common with other spans: the same object each time, so that they are written once. */
  readonly common?: SpanRecordAttributes | undefined
  /** Its own attributes. */
  readonly attributes: SpanRecordAttributes
  /** `SpanStatusCode` of the OpenTelemetry API. */
  readonly status: number
  readonly statusMessage?: string | undefined
  readonly events?: readonly SpanRecordEvent[] | undefined
  readonly links?: readonly SpanRecordLink[] | undefined
  readonly scope: string
  readonly scopeVersion?: string | undefined
  /** What the limits have left out; absent when nothing was. */
  readonly droppedAttributes?: number | undefined
  readonly droppedEvents?: number | undefined
  readonly droppedLinks?: number | undefined
}

/** Spans of one instrumentation scope: the `spans` fields of an OTLP ScopeSpans message. */
export interface ScopeSpans {
  readonly scope: string
  readonly scopeVersion: string | undefined
  readonly bytes: Uint8Array<ArrayBuffer>
}

/** Ended spans on their way: in the form of protobuf, or `SpanRecord[]` as JSON, by the encoding that is asked for. */
export type SpanBatch =
  | { readonly count: number; readonly scopes: readonly ScopeSpans[] }
  | { readonly count: number; readonly json: string }

/** Two heartbeats of the app thread that lie too far apart. Times are monotonic, `process.hrtime`, in ms. */
export interface BeatGap {
  readonly startMs: number
  readonly endMs: number
  /** Processor time of the app thread meanwhile; 0 where Node cannot tell. */
  readonly cpuMs: number
}

/** From the app thread to the watch thread. */
export type AppMessage =
  /** The watch thread adds 1 to TAKEN for each batch it takes, so that a slow one is noticed. */
  | ({ readonly type: 'spans' } & SpanBatch)
  /** What only the app thread can see of its runtime, about once a second. */
  | { readonly type: 'runtime'; readonly sample: SentRuntimeSample }
  /** The event loop turns again after a time in which it did not. */
  | { readonly type: 'gap'; readonly gap: BeatGap }
  /** The newest cumulative state of the app's own OpenTelemetry instruments; replaces the one before. */
  | { readonly type: 'app-metrics'; readonly scopeMetrics: readonly ScopeMetrics[] }
  /** A worker thread that this thread had started is gone. */
  | { readonly type: 'thread-gone'; readonly threadId: number }
  /** Somebody wants profiles of the main thread, as files. */
  | { readonly type: 'profile' }
  /**
   * Export what there is, then set DONE to `number` (or higher) and `Atomics.notify` it. The app thread may be
   * blocked in `Atomics.wait` meanwhile, so nothing on this way may need it.
   */
  | { readonly type: 'flush'; readonly number: number }
  /** As `flush`, and the last message: close servers, then STATE becomes closed. */
  | { readonly type: 'shutdown'; readonly number: number }

/** From the watch thread to the app thread. */
export type WatchMessage =
  /** One line for a person, once; the app thread has the only stderr that is in order with the app's. */
  { readonly type: 'warning'; readonly text: string }
