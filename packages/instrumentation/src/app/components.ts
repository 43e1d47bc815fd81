import type { AsyncLocalStorage } from 'node:async_hooks'
import type { Context } from '@opentelemetry/api'
import { HistogramRecorder } from '../shared/histogram-recorder.ts'
import { nowMs } from '../shared/own-clock.ts'
import { recordedInstrument } from '../shared/recorded-instruments.ts'
import type { SeriesWriter } from '../shared/series-writer.ts'
import { AppSpan } from './app-span.ts'
import { errorName } from './error-name.ts'
import { DerivedContext, innerSpanOf, LocalRoot, withSpan } from './local-root.ts'
import { nameOf } from './name-of.ts'

/** How an operation ended. `error`: what was thrown, or true when there is nothing to name. */
export interface OperationEnd {
  readonly error?: unknown
}

/** An operation that runs. */
export interface RunningOperation {
  /** Ends it; a second call changes nothing. */
  end(outcome?: OperationEnd): void
}

/** A named part of the app whose operations are measured as `component.operation.duration`. */
export interface Component {
  readonly name: string
  /** Runs `work` and measures it, until its promise settles when it gives one. */
  track<Result>(operation: string, work: () => Result): Result
  /** Records an operation that the app has measured itself, in milliseconds; what is no duration is ignored. */
  record(operation: string, durationMs: number, outcome?: OperationEnd): void
  /** Begins an operation whose end comes elsewhere. */
  start(operation: string): RunningOperation
}

/** Components of one process beyond this, and operations of one component, share the overflow series. */
const COMPONENTS_MAX = 500
const OPERATIONS_MAX = 200
const SPAN_KIND_INTERNAL = 0
const STATUS_ERROR = 2

/** The components of a process. */
export class Components {
  readonly #duration: HistogramRecorder
  readonly #byName = new Map<string, NamedComponent>()
  /** Set when the agent runs: then tracked operations are spans of their request, too. */
  store: AsyncLocalStorage<Context> | undefined

  constructor(writer: SeriesWriter) {
    this.#duration = new HistogramRecorder(
      writer,
      recordedInstrument('component.operation.duration'),
    )
  }

  /** The component of a name; the same name gives the same component. */
  get(name: string): NamedComponent {
    let component = this.#byName.get(name)
    if (component === undefined) {
      component = new NamedComponent(nameOf(name), this.#duration, this)
      if (this.#byName.size < COMPONENTS_MAX) this.#byName.set(name, component)
    }
    return component
  }
}

/** An operation that is also a span of its request, whose scope is entered by whoever began it. */
export interface OpenOperation extends RunningOperation {
  /** What the operation's own calls belong to; undefined outside of any request. */
  readonly context: Context | undefined
}

/** A component as the agent's own parts use it. */
export class NamedComponent implements Component {
  readonly name: string
  readonly #duration: HistogramRecorder
  readonly #owner: Components
  readonly #places = new Map<string, number>()
  readonly #failedPlaces = new Map<string, Map<string, number>>()

  constructor(name: string, duration: HistogramRecorder, owner: Components) {
    this.name = name
    this.#duration = duration
    this.#owner = owner
  }

  record(operation: string, durationMs: number, outcome?: OperationEnd): void {
    // A single infinity, or a negative number, would spoil the sum for as long as the process lives.
    if (typeof durationMs !== 'number' || !(durationMs >= 0 && durationMs < Infinity)) return
    const error = outcome?.error
    const place =
      error === undefined || error === false || error === null
        ? (this.#places.get(operation) ?? this.#intern(operation))
        : this.#failedPlace(operation, error)
    this.#duration.record(place, durationMs / 1000)
  }

  start(operation: string): RunningOperation {
    const startMs = nowMs()
    let running = true
    return {
      end: (outcome) => {
        if (running) this.record(operation, nowMs() - startMs, outcome)
        running = false
      },
    }
  }

  /** Begins an operation around work that is not called from here. */
  open(operation: string): OpenOperation {
    const startMs = nowMs()
    const span = this.#startSpan(operation, startMs)
    let running = true
    return {
      context: span === undefined ? undefined : contextOf(span, this.#owner),
      end: (outcome) => {
        if (!running) return
        running = false
        this.record(operation, nowMs() - startMs, outcome)
        if (outcome?.error !== undefined) span?.setStatus({ code: STATUS_ERROR })
        span?.end()
      },
    }
  }

  track<Result>(operation: string, work: () => Result): Result {
    const startMs = nowMs()
    const span = this.#startSpan(operation, startMs)
    const end = (outcome?: OperationEnd): void => {
      this.record(operation, nowMs() - startMs, outcome)
      if (outcome !== undefined) span?.setStatus({ code: STATUS_ERROR })
      span?.end()
    }
    try {
      const result =
        span === undefined ? work() : this.#owner.store!.run(contextOf(span, this.#owner), work)
      if (!isThenable(result)) {
        end()
        return result
      }
      return promiseOf(result).then(
        (value) => {
          end()
          return value
        },
        (error: unknown) => {
          end({ error: error ?? true })
          throw error
        },
      ) as Result
    } catch (error) {
      end({ error: error ?? true })
      throw error
    }
  }

  #startSpan(operation: string, startMs: number): AppSpan | undefined {
    const context = this.#owner.store?.getStore()
    if (!(context instanceof LocalRoot || context instanceof DerivedContext)) return undefined
    const { root } = context
    if (root.ended) return undefined
    const start = {
      name: `${this.name} ${nameOf(operation)}`,
      kind: SPAN_KIND_INTERNAL,
      scope: 'chokepoint',
      scopeVersion: undefined,
      startMs,
      parentSpanId: innerSpanOf(context)?.spanId,
    }
    return new AppSpan(root, start, (ended) => root.spanEnded(ended))
  }

  #intern(operation: string): number {
    const place = this.#duration.intern({
      'component.name': this.name,
      'operation.name': nameOf(operation),
    })
    if (this.#places.size < OPERATIONS_MAX) this.#places.set(operation, place)
    return place
  }

  #failedPlace(operation: string, error: unknown): number {
    const type = error === true ? '_OTHER' : errorName(error)
    let places = this.#failedPlaces.get(operation)
    if (places === undefined) {
      places = new Map()
      if (this.#failedPlaces.size < OPERATIONS_MAX) this.#failedPlaces.set(operation, places)
    }
    let place = places.get(type)
    if (place === undefined) {
      place = this.#duration.intern({
        'component.name': this.name,
        'operation.name': nameOf(operation),
        'error.type': type,
      })
      places.set(type, place)
    }
    return place
  }
}

function contextOf(span: AppSpan, { store }: Components): Context {
  return withSpan(store!.getStore() as LocalRoot | DerivedContext, span)
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { then?: unknown }).then === 'function'
  )
}

/** What `then` of a promise, or of a query builder, gives can be awaited; what that of another object gives need not. */
function promiseOf(thenable: PromiseLike<unknown>): PromiseLike<unknown> {
  return 'catch' in thenable ? thenable : Promise.resolve(thenable)
}
