import type { Baggage, Context } from '@opentelemetry/api'
import type { SpanRecord, SpanRecordAttributes } from '../shared/messages.ts'
import { AppSpan, type SpanOwner } from './app-span.ts'
import { BAGGAGE_KEY } from './baggage.ts'
import type { CallShape } from './call-shape.ts'
import type { CallGroup, Timed, TimeSplit } from './time-split.ts'
import { newSpanId, newTraceId, type RemoteParent } from './trace-context.ts'

/** The keys under which OpenTelemetry's API and core packages keep their values. */
const SPAN_KEY = Symbol.for('OpenTelemetry Context Key SPAN')
const RPC_METADATA_KEY = Symbol.for('OpenTelemetry SDK Context Key RPC_METADATA')

/** Most spans of the app, and most child calls, that one root remembers. */
export const SPANS_PER_ROOT_MAX = 256

/** What one call has that others of its shape have not. */
export interface CallDetails {
  readonly attributes: SpanRecordAttributes
}

/** What the span of a local root tells of it. */
export type RootDescription = Pick<SpanRecord, 'name' | 'kind' | 'common' | 'attributes'>

/** A child call of a local root, from its start to its end. */
export interface Call {
  readonly shape: CallShape
  readonly root: LocalRoot | undefined
  readonly group: CallGroup | undefined
  /** The span in whose scope the call was made; undefined is the root's own. */
  readonly parent: AppSpan | undefined
  readonly startMs: number
  /** Undefined while it runs. */
  endMs: number | undefined
  /** Given only when somebody needs it: a header going out, or a span that is kept. */
  spanId: string | undefined
  errorType: string | undefined
  /** What only a span of it tells; asked for when it is kept. */
  details: CallDetails | undefined
  /** The call of the same root that began after it. */
  next: Call | undefined
}

/**
 * The first thing this process does on behalf of a caller: a request, a message, a job. It is what
 * AsyncLocalStorage carries, and it is an OpenTelemetry `Context` too, so that no second object is needed for
 * apps that ask for one. Ids and spans come into being when someone asks for them.
 */
export abstract class LocalRoot implements Context, SpanOwner, Timed {
  readonly startMs: number
  readonly startIdleMs: number
  cpuMs = 0
  /** Where the time of its calls goes; undefined as long as it has made none. */
  split: TimeSplit | undefined
  /** Template of the route, when a framework or the app has told it. */
  route: string | undefined
  ended = false
  /** The calls that it remembers, in the order in which they began. */
  firstCall: Call | undefined
  #lastCall: Call | undefined
  #calls = 0
  spans: AppSpan[] | undefined
  ownSpan: AppSpan | undefined
  #traceId: string | undefined
  #spanId: string | undefined
  #parent: RemoteParent | undefined
  #parentRead = false
  /** Null: there is none. */
  #baggage: Baggage | null | undefined
  /** Whether the ratio has chosen this trace; undefined until asked. */
  chosen: boolean | undefined

  constructor(startMs: number, idleMs: number) {
    this.startMs = startMs
    this.startIdleMs = idleMs
  }

  /** Who called, from the headers of the carrier. Read once and only when wanted. */
  protected abstract readParent(): RemoteParent | undefined
  /** Name, kind and attributes of the root's span; asked for when it is kept. */
  abstract describe(): RootDescription
  /** Makes the span of the root itself, as the OpenTelemetry API shows it to the app. */
  protected abstract makeOwnSpan(): AppSpan

  get parent(): RemoteParent | undefined {
    if (!this.#parentRead) {
      this.#parentRead = true
      this.#parent = this.readParent()
    }
    return this.#parent
  }

  /** Makes this the beginning of a trace, whatever the caller has sent. */
  ignoreCaller(): void {
    this.#parentRead = true
  }

  /** What the caller sends along for the app, and for those whom the app calls. Read once and only when wanted. */
  protected readBaggage(): Baggage | undefined {
    return undefined
  }

  get baggage(): Baggage | undefined {
    if (this.#baggage === undefined) this.#baggage = this.readBaggage() ?? null
    return this.#baggage ?? undefined
  }

  /** Leaves the baggage of the caller unread. */
  ignoreBaggage(): void {
    this.#baggage = null
  }

  get traceId(): string {
    this.#traceId ??= this.parent?.traceId ?? newTraceId()
    return this.#traceId
  }

  get spanId(): string {
    this.#spanId ??= newSpanId()
    return this.#spanId
  }

  get root(): LocalRoot {
    return this
  }

  /** The span of the root as the API shows it. */
  get span(): AppSpan {
    this.ownSpan ??= this.makeOwnSpan()
    return this.ownSpan
  }

  getValue(key: symbol): unknown {
    if (key === SPAN_KEY) return this.span
    // Instrumentations of frameworks tell the route by setting `route` on this object.
    if (key === RPC_METADATA_KEY) return this.rpcMetadata()
    if (key === BAGGAGE_KEY) return this.baggage
    return undefined
  }

  setValue(key: symbol, value: unknown): Context {
    return new DerivedContext(this, key, value)
  }

  deleteValue(key: symbol): Context {
    return new DerivedContext(this, key, undefined)
  }

  /** Whether the callees are told to keep the trace. */
  get sampled(): boolean {
    return this.parent?.sampled ?? this.chosen === true
  }

  /** Remembers a call; false when the root is full. */
  remember(call: Call): boolean {
    if (this.#calls >= SPANS_PER_ROOT_MAX) return false
    this.#calls++
    if (this.#lastCall === undefined) this.firstCall = call
    else this.#lastCall.next = call
    this.#lastCall = call
    return true
  }

  /** Keeps a span of the app that ended inside this root; false when the root has ended or is full. */
  spanEnded(span: AppSpan): boolean {
    if (this.ended) return false
    this.spans ??= []
    if (this.spans.length >= SPANS_PER_ROOT_MAX) return false
    this.spans.push(span)
    return true
  }

  /**
   * Lets go of all that only the living root needs. A timer or a connection that was opened inside a request
   * keeps its context, and so this object, for as long as it lives.
   */
  release(): void {
    void this.parent
    this.firstCall = undefined
    this.#lastCall = undefined
    this.spans = undefined
    this.split = undefined
  }

  /** What OpenTelemetry's framework instrumentations know a request by. */
  protected rpcMetadata(): unknown {
    return undefined
  }
}

/** A local root's context with one more value. */
export class DerivedContext implements Context {
  readonly root: LocalRoot
  readonly #outer: Context
  readonly #key: symbol
  readonly #value: unknown

  constructor(outer: LocalRoot | DerivedContext, key: symbol, value: unknown) {
    this.root = outer.root
    this.#outer = outer
    this.#key = key
    this.#value = value
  }

  getValue(key: symbol): unknown {
    return key === this.#key ? this.#value : this.#outer.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return new DerivedContext(this, key, value)
  }

  deleteValue(key: symbol): Context {
    return new DerivedContext(this, key, undefined)
  }
}

/** The context in which `span` is active inside its root. */
export function withSpan(outer: LocalRoot | DerivedContext, span: AppSpan): DerivedContext {
  return new DerivedContext(outer, SPAN_KEY, span)
}

/** The local root that a context belongs to, if any; contexts that the app built know it by their span. */
export function rootOf(context: Context | undefined): LocalRoot | undefined {
  if (context === undefined) return undefined
  if (context instanceof LocalRoot) return context
  if (context instanceof DerivedContext) return context.root
  const span = context.getValue(SPAN_KEY)
  if (!(span instanceof AppSpan)) return undefined
  return span.owner instanceof LocalRoot ? span.owner : undefined
}

/** The span that is active in a context when it is not the root's own. */
export function innerSpanOf(context: Context | undefined): AppSpan | undefined {
  if (context === undefined || context instanceof LocalRoot) return undefined
  const span = context.getValue(SPAN_KEY)
  if (!(span instanceof AppSpan)) return undefined
  return span.owner instanceof LocalRoot && span.owner.ownSpan === span ? undefined : span
}
