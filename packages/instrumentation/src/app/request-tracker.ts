import { AsyncLocalStorage } from 'node:async_hooks'
import type { Context } from '@opentelemetry/api'
import { LEVEL } from '../shared/memory-layout.ts'
import { nowMs } from '../shared/own-clock.ts'
import type { SeriesWriter } from '../shared/series-writer.ts'
import type { CallShape } from './call-shape.ts'
import { type Call, innerSpanOf, type LocalRoot, rootOf } from './local-root.ts'
import type { RouteStats } from './route-stats.ts'
import { RunningClock } from './running-clock.ts'
import type { SpanOutbox } from './span-outbox.ts'
import { sendSpansOf } from './span-records.ts'
import { type CallGroup, ownTimeOf, TimeSplit } from './time-split.ts'
import type { TraceChooser } from './trace-chooser.ts'

/** Levels of the governor (`chokepoint.sdk.level`) from which a thing is done less, or no longer. */
const LEVEL_FEW_CHILD_COUNTS = 1
const LEVEL_NO_SPANS = 2

/** Follows each local root from its first to its last moment, and its calls in between. */
export class RequestTracker {
  /** Carries the local root, or a context inside it, along the app's asynchronous calls. */
  readonly store = new AsyncLocalStorage<Context>()
  readonly clock = new RunningClock()
  readonly chooser: TraceChooser
  /** Whether W3C trace context is read and written; `OTEL_PROPAGATORS` may say no. */
  readonly propagates: boolean
  /** The same of W3C baggage. */
  readonly carriesBaggage: boolean
  readonly #writer: SeriesWriter
  readonly #outbox: SpanOutbox
  #stoodInFor: Context | undefined

  constructor(
    writer: SeriesWriter,
    chooser: TraceChooser,
    outbox: SpanOutbox,
    propagators: readonly string[],
  ) {
    this.propagates = propagators.includes('tracecontext')
    this.carriesBaggage = propagators.includes('baggage')
    this.#writer = writer
    this.chooser = chooser
    this.#outbox = outbox
  }

  /** The local root on whose behalf the app runs now. */
  get currentRoot(): LocalRoot | undefined {
    return rootOf(this.store.getStore())
  }

  /** Whom the calls that begin now are made for. */
  get caller(): Context | undefined {
    return this.#stoodInFor ?? this.store.getStore()
  }

  /** Whether a library's own code runs that stands in for its caller. */
  get standsIn(): boolean {
    return this.#stoodInFor !== undefined
  }

  /**
   * Has calls that begin from now on be made for `caller`, whatever context a library's own code runs in: in a callback
   * in which nothing of the app's runs, this is cheaper than a change of context. It follows the end of a call in the
   * same turn of the loop. Gives what to set it back to.
   */
  standInFor(caller: Context | undefined): Context | undefined {
    const before = this.#stoodInFor
    this.#stoodInFor = caller
    return before
  }

  /**
   * A call begins, on behalf of whoever runs now. Always gives a call, so that its metric can be taken.
   *
   * @param remember false: the call has a span of its own already
   */
  startCall(shape: CallShape, remember = true, context = this.caller): Call {
    const root = rootOf(context)
    if (root === undefined || root.ended) {
      return newCall(shape, undefined, undefined, undefined, nowMs())
    }
    const startMs = this.standsIn ? this.clock.chargeAtOnce(root) : this.clock.charge(root)
    const parent = context === root ? undefined : innerSpanOf(context)
    // What a client calls to make a call that is counted (the HTTP request of an AWS SDK) is a part of that call.
    const isPart = parent?.isCall === true && parent.endMs === undefined
    let group: CallGroup | undefined
    if (!isPart) {
      root.split ??= new TimeSplit()
      group = root.split.start(shape, startMs, this.clock.idleMs)
    }
    const call = newCall(shape, root, group, parent, startMs)
    if (remember && shape.counted && !root.remember(call)) {
      this.#writer.drop('span.trace_too_long')
    }
    return call
  }

  /** A call ends. Gives its duration in ms. */
  endCall(call: Call, errorType: string | undefined): number {
    const { root, group } = call
    const endMs = this.clock.mark()
    call.endMs = endMs
    call.errorType = errorType
    if (root !== undefined && group !== undefined && !root.ended) {
      root.split?.end(group, endMs, this.clock.idleMs)
    }
    return endMs - call.startMs
  }

  /** A root ends: its time is split, its calls are counted, and its spans leave when they are wanted. */
  endRoot(root: LocalRoot, stats: RouteStats, endMs: number, errorType: string | undefined): void {
    root.ended = true
    const level = this.#writer.memory.control[LEVEL]!
    const { split } = root
    stats.recordOwn(ownTimeOf(root, split, endMs, this.clock.idleMs))
    stats.recordGroups(split?.firstGroup, level >= LEVEL_FEW_CHILD_COUNTS)
    const durationMs = endMs - root.startMs
    const slow = stats.slowBound.observe(durationMs)
    const failed = errorType !== undefined || root.ownSpan?.failed === true
    if (level < LEVEL_NO_SPANS && this.chooser.keep(root, durationMs, slow, failed)) {
      sendSpansOf(root, { endMs, errorType }, this.#outbox)
    }
    root.release()
  }
}

function newCall(
  shape: CallShape,
  root: LocalRoot | undefined,
  group: Call['group'],
  parent: Call['parent'],
  startMs: number,
): Call {
  return {
    shape,
    root,
    group,
    parent,
    startMs,
    endMs: undefined,
    spanId: undefined,
    errorType: undefined,
    details: undefined,
    next: undefined,
  }
}
