import {
  type Context,
  context as contextApi,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api'
import { nowMs } from '../shared/own-clock.ts'
import { AppSpan, monotonicMs, type SpanStart } from './app-span.ts'
import { CallSpan, viewOf } from './call-span.ts'
import { innerSpanOf, LocalRoot, type RootDescription, rootOf } from './local-root.ts'
import { nameOf } from './name-of.ts'
import type { RequestTracker } from './request-tracker.ts'
import type { RootHistograms } from './route-stats.ts'
import { RouteStats } from './route-stats.ts'
import type { SpanCalls } from './span-calls.ts'
import { type RemoteParent, withTraceState } from './trace-context.ts'

const SPAN_KIND_INTERNAL = 0

/** Names of jobs beyond this share one place. */
const JOBS_MAX = 200

/** A local root that the app itself began by a span outside of any request. */
export class JobRoot extends LocalRoot {
  readonly #name: string
  readonly #parent: RemoteParent | undefined

  constructor(name: string, parent: RemoteParent | undefined, startMs: number, idleMs: number) {
    super(startMs, idleMs)
    this.#name = name
    this.#parent = parent
  }

  describe(): RootDescription {
    const span = this.span
    return { name: span.name, kind: span.start.kind, attributes: span.attributes }
  }

  protected readParent(): RemoteParent | undefined {
    return this.#parent
  }

  protected makeOwnSpan(): AppSpan {
    throw new Error(`the span of job ${this.#name} is made by its tracer`)
  }
}

/** The spans of the app, and of instrumentations from OpenTelemetry, in the local roots that we follow. */
export class TrackerTracerProvider implements TracerProvider {
  readonly #tracker: RequestTracker
  readonly #histograms: RootHistograms
  readonly #calls: SpanCalls
  readonly #onDrop: () => void
  readonly #jobs = new Map<string, RouteStats>()
  readonly #otherJobs: RouteStats

  constructor(
    tracker: RequestTracker,
    histograms: RootHistograms,
    calls: SpanCalls,
    onDrop: () => void,
  ) {
    this.#tracker = tracker
    this.#calls = calls
    this.#histograms = histograms
    this.#onDrop = onDrop
    this.#otherJobs = new RouteStats(undefined, histograms)
  }

  getTracer(scope: string, version?: string): Tracer {
    const [named, versioned] = [nameOf(scope), version === undefined ? version : nameOf(version)]
    return new TrackerTracer(named, versioned, (name, options, context) =>
      this.#startSpan(named, versioned, nameOf(name), options, context),
    )
  }

  #startSpan(
    scope: string,
    scopeVersion: string | undefined,
    name: string,
    options: SpanOptions,
    context: Context,
  ): Span {
    const root = options.root === true ? undefined : rootOf(context)
    const startMs = options.startTime === undefined ? nowMs() : monotonicMs(options.startTime)
    const start = { name, kind: options.kind ?? 0, scope, scopeVersion, startMs }
    const span =
      root === undefined || root.ended
        ? this.#startJob(start, options.root === true ? ROOT_CONTEXT : context)
        : this.#startInner(root, { ...start, parentSpanId: parentOf(root, context) })
    if (options.attributes !== undefined) span.setAttributes(options.attributes)
    if (options.links !== undefined) span.addLinks(options.links)
    return span
  }

  #startInner(root: LocalRoot, start: SpanStart): AppSpan {
    const onEnd = (ended: AppSpan): void => {
      if (!root.spanEnded(ended)) this.#onDrop()
    }
    // What is done inside the process is not looked at: most spans of an app are of this kind.
    if (start.kind === SPAN_KIND_INTERNAL) return new AppSpan(root, start, onEnd)
    return new CallSpan(root, start, { calls: this.#calls, tracker: this.#tracker }, onEnd)
  }

  #startJob(start: Omit<SpanStart, 'parentSpanId'>, context: Context): Span {
    const { clock } = this.#tracker
    clock.mark()
    const parent = remoteParentOf(context)
    const root = new JobRoot(start.name, parent, start.startMs, clock.idleMs)
    const span = new AppSpan(
      root,
      { ...start, parentSpanId: parent?.spanId, spanId: root.spanId },
      (ended) => this.#endJob(root, ended),
    )
    root.ownSpan = span
    return span
  }

  #endJob(root: JobRoot, span: AppSpan): void {
    this.#tracker.clock.charge(root)
    const { errorType } = span
    const view = viewOf(span)
    const durationMs = span.endMs! - span.start.startMs
    const call = this.#calls.callOf(view)
    if (call === undefined) this.#calls.recordServed(view, durationMs, errorType)
    else call.record(view, durationMs, errorType)
    root.route = this.#calls.routeOf(view)
    this.#tracker.endRoot(root, this.#statsOf(span.name, root.route), span.endMs!, errorType)
  }

  #statsOf(name: string, route: string | undefined): RouteStats {
    const known = this.#jobs.get(name)
    if (known !== undefined) return known
    if (this.#jobs.size >= JOBS_MAX) return this.#otherJobs
    const stats = new RouteStats(route, this.#histograms)
    this.#jobs.set(name, stats)
    return stats
  }
}

function parentOf(root: LocalRoot, context: Context): string {
  return innerSpanOf(context)?.spanId ?? root.spanId
}

/** A caller that a propagator or the app has put into the context. */
function remoteParentOf(context: Context): RemoteParent | undefined {
  const caller = trace.getSpanContext(context)
  if (caller === undefined || !trace.isSpanContextValid(caller)) return undefined
  const { traceId, spanId, traceFlags, traceState } = caller
  const parent = { traceId, spanId, sampled: (traceFlags & 1) === 1 }
  return withTraceState(parent, traceState?.serialize())
}

type StartSpan = (name: string, options: SpanOptions, context: Context) => Span

class TrackerTracer implements Tracer {
  readonly scope: string
  readonly version: string | undefined
  readonly #start: StartSpan

  constructor(scope: string, version: string | undefined, start: StartSpan) {
    this.scope = scope
    this.version = version
    this.#start = start
  }

  startSpan(name: string, options: SpanOptions = {}, context?: Context): Span {
    return this.#start(name, options, context ?? contextApi.active())
  }

  startActiveSpan<Result>(name: string, ...rest: unknown[]): Result {
    const work = rest.pop() as (span: Span) => Result
    const [options, given] = rest as [SpanOptions?, Context?]
    const outer = given ?? contextApi.active()
    const span = this.#start(name, options ?? {}, outer)
    return contextApi.with(trace.setSpan(outer, span), () => work(span))
  }
}
