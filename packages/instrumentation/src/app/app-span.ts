import type {
  Attributes,
  Exception,
  Link,
  Span,
  SpanContext,
  SpanStatus,
  TimeInput,
} from '@opentelemetry/api'
import type { SpanLimits } from '../settings/settings.ts'
import type { SpanRecordAttributes, SpanRecordEvent, SpanRecordLink } from '../shared/messages.ts'
import { nowMs, timeOriginMs, wallNowMs } from '../shared/own-clock.ts'
import { nameOf } from './name-of.ts'
import { limitAttributes, limitValue, SPAN_LIMITS_DEFAULT } from './span-limits.ts'
import { newSpanId } from './trace-context.ts'

/** The local root that a span belongs to, as the span sees it. */
export interface SpanOwner {
  readonly traceId: string
  readonly sampled: boolean
  /** Takes an ended span; false when there was no room. */
  spanEnded(span: AppSpan): boolean
}

/** How a span begins. */
export interface SpanStart {
  readonly name: string
  readonly kind: number
  readonly scope: string
  readonly scopeVersion: string | undefined
  readonly startMs: number
  readonly parentSpanId: string | undefined
  /** The root knows its id before it has a span. */
  readonly spanId?: string
}

const STATUS_ERROR = 2

let limits: SpanLimits = SPAN_LIMITS_DEFAULT

/** Sets the limits of all spans of this thread. */
export function limitSpans(wanted: SpanLimits): void {
  limits = wanted
}

/**
 * A span that the app or an instrumentation makes through the OpenTelemetry API. It only remembers; what is kept
 * is decided when its local root ends.
 */
export class AppSpan implements Span {
  readonly owner: SpanOwner
  readonly start: SpanStart
  readonly spanId: string
  name: string
  readonly attributes: SpanRecordAttributes = {}
  readonly events: SpanRecordEvent[] = []
  readonly links: SpanRecordLink[] = []
  /** What the limits have left out. */
  droppedAttributes = 0
  droppedEvents = 0
  droppedLinks = 0
  status = 0
  statusMessage: string | undefined
  /** Undefined while it runs; `performance.now()` like the start. */
  endMs: number | undefined
  readonly #onEnd: (span: AppSpan) => void

  constructor(owner: SpanOwner, start: SpanStart, onEnd: (span: AppSpan) => void) {
    this.owner = owner
    this.start = start
    this.name = start.name
    this.spanId = start.spanId ?? newSpanId()
    this.#onEnd = onEnd
  }

  spanContext(): SpanContext {
    return {
      traceId: this.owner.traceId,
      spanId: this.spanId,
      traceFlags: this.owner.sampled ? 1 : 0,
    }
  }

  setAttribute(key: string, value: Attributes[string]): this {
    if (value === undefined || value === null || key === '' || !this.isRecording()) return this
    const limited = limitValue(value, limits.attributeValueLengthMax)
    const known = Object.hasOwn(this.attributes, key)
    const full = !known && Object.keys(this.attributes).length >= limits.attributeCountMax
    if (full || limited === undefined) {
      this.droppedAttributes++
      return this
    }
    this.attributes[key] = limited
    return this
  }

  setAttributes(attributes: Attributes): this {
    for (const [key, value] of Object.entries(attributes)) this.setAttribute(key, value)
    return this
  }

  addEvent(given: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (!this.isRecording()) return this
    const name = nameOf(given)
    if (this.events.length >= limits.eventCountMax) {
      this.droppedEvents++
      return this
    }
    const { eventAttributeCountMax, attributeValueLengthMax } = limits
    const isTime = isTimeInput(attributesOrTime)
    const timeMs = wallMs(isTime ? attributesOrTime : time)
    this.events.push(
      isTime || typeof attributesOrTime !== 'object' || attributesOrTime === null
        ? { name, timeMs }
        : {
            name,
            timeMs,
            attributes: limitAttributes(
              attributesOrTime,
              eventAttributeCountMax,
              attributeValueLengthMax,
            ),
          },
    )
    return this
  }

  addLink(link: Link): this {
    // `trace.getSpanContext` gives undefined where there is no span, and that is easily passed on.
    if (!this.isRecording() || !link?.context) return this
    if (this.links.length >= limits.linkCountMax) {
      this.droppedLinks++
      return this
    }
    const { traceId, spanId } = link.context
    const { linkAttributeCountMax, attributeValueLengthMax } = limits
    const attributes =
      link.attributes === undefined
        ? undefined
        : limitAttributes(link.attributes, linkAttributeCountMax, attributeValueLengthMax)
    this.links.push({ traceId, spanId, ...(attributes === undefined ? {} : { attributes }) })
    return this
  }

  addLinks(links: Link[]): this {
    if (Array.isArray(links)) for (const link of links) this.addLink(link)
    return this
  }

  setStatus(status: SpanStatus): this {
    if (!this.isRecording() || typeof status?.code !== 'number') return this
    this.status = status.code
    this.statusMessage = typeof status.message === 'string' ? status.message : undefined
    return this
  }

  updateName(name: string): this {
    if (this.isRecording()) this.name = nameOf(name)
    return this
  }

  isRecording(): boolean {
    return this.endMs === undefined
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const { name, message, stack } =
      typeof exception === 'string'
        ? { name: undefined, message: exception, stack: undefined }
        : exception
    const attributes: SpanRecordAttributes = {}
    if (name !== undefined) attributes['exception.type'] = name
    if (message !== undefined) attributes['exception.message'] = message
    if (stack !== undefined) attributes['exception.stacktrace'] = stack
    this.addEvent('exception', attributes, time)
  }

  end(time?: TimeInput): void {
    if (this.endMs !== undefined) return
    const endMs = time === undefined ? nowMs() : monotonicMs(time)
    this.endMs = Math.max(this.start.startMs, endMs)
    this.#onEnd(this)
  }

  /** Whether the app has marked the span as failed. */
  get failed(): boolean {
    return this.status === STATUS_ERROR
  }

  /** Whether the span is a call that is counted, so that what is called underneath it is a part of it. */
  get isCall(): boolean {
    return false
  }

  /** What to tell as `error.type`; undefined when the span has not failed. */
  get errorType(): string | undefined {
    if (!this.failed) return undefined
    const told = this.attributes['error.type']
    const thrown = this.events.findLast(({ name }) => name === 'exception')
    return String(told ?? thrown?.attributes?.['exception.type'] ?? '_OTHER')
  }
}

function isTimeInput(value: unknown): value is TimeInput {
  return typeof value === 'number' || value instanceof Date || Array.isArray(value)
}

/** A time of the API as wall clock in ms; the API also takes `performance.now()` values. What is no time is now. */
export function wallMs(time: TimeInput | undefined): number {
  const ms = time instanceof Date ? time.getTime() : Array.isArray(time) ? millisOf(time) : time
  if (typeof ms !== 'number' || !Number.isFinite(ms)) return wallNowMs()
  const sinceStart = typeof time === 'number' && ms < timeOriginMs
  return sinceStart ? ms + wallNowMs() - nowMs() : ms
}

function millisOf([seconds, nanos]: readonly number[]): number {
  return typeof seconds === 'number' && typeof nanos === 'number'
    ? seconds * 1000 + nanos / 1e6
    : Number.NaN
}

/** A time of the API on the clock of `performance.now()`. */
export function monotonicMs(time: TimeInput): number {
  return wallMs(time) - (wallNowMs() - nowMs())
}
