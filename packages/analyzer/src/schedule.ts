import type { Config } from './config/schema.ts'
import type { Arrival } from './store/tenant-stores.ts'
import type { Tenants } from './tenants.ts'

/** Arrivals within this time share one evaluation: a burst of requests costs one pass, not many. */
const ARRIVAL_MS = 5
/** How long an interval's pass runs before it lets requests in, and how long it lets them. */
const SLICE_MS = 10
const REST_MS = 10
/** How many intervals one arrival may make up for when the data's clock jumps. */
const STEPS_MAX = 240

/** When tenants are evaluated: on their interval, and at once for what just arrived. */
export interface Schedule {
  readonly onArrival: (tenant: string, arrival: Arrival) => void
  readonly start: () => void
  /** Evaluates everything that has arrived, up to the newest sample, and stops. */
  readonly settle: () => void
  readonly stop: () => void
}

export interface ScheduleOptions {
  readonly config: Config
  readonly tenants: () => Tenants
  /** Called once an interval, after the evaluation. */
  readonly afterInterval: () => void
  readonly onProblem: (message: string) => void
}

/** With a wall clock timers decide; with the data's clock the samples' own times do. */
export function createSchedule(options: ScheduleOptions): Schedule {
  return options.config.clock === 'wall' ? new WallSchedule(options) : new DataSchedule(options)
}

class WallSchedule implements Schedule {
  readonly #options: ScheduleOptions
  readonly #changed = new Map<string, Set<string>>()
  #interval: NodeJS.Timeout | undefined
  #arrivals: NodeJS.Timeout | undefined
  /** What is left of the pass that is under way, and the timer of its next step. */
  #pass: Generator<void> | undefined
  #nextStep: NodeJS.Timeout | undefined

  constructor(options: ScheduleOptions) {
    this.#options = options
  }

  start(): void {
    const { config } = this.#options
    this.#interval = setInterval(() => this.#tick(), config.evaluation.intervalMs)
  }

  onArrival(tenant: string, { names }: Arrival): void {
    if (!this.#options.config.evaluation.onArrival || this.#interval === undefined) return
    const changed = this.#changed.get(tenant) ?? new Set()
    for (const name of names) changed.add(name)
    this.#changed.set(tenant, changed)
    this.#arrivals ??= setTimeout(() => this.#evaluateChanged(), ARRIVAL_MS)
  }

  settle(): void {
    this.#finishPass()
    this.stop()
    const { tenants } = this.#options
    // What has ended is judged at its last sample: later instants would only see it fade.
    for (const analysis of tenants().all()) analysis.evaluate(analysis.newestMs())
  }

  stop(): void {
    clearInterval(this.#interval)
    clearTimeout(this.#arrivals)
    clearTimeout(this.#nextStep)
    this.#interval = undefined
    this.#arrivals = undefined
    this.#nextStep = undefined
    this.#pass = undefined
  }

  /** Begins a pass; one that took a whole interval is first brought to its end. */
  #tick(): void {
    this.#finishPass()
    this.#pass = this.#passInSteps()
    this.#step()
  }

  /** Takes steps for a moment, then lets requests and arrivals in: a pass in one go would hold them up. */
  #step(): void {
    this.#nextStep = undefined
    const untilMs = performance.now() + SLICE_MS
    while (performance.now() < untilMs) {
      if (this.#pass?.next().done === false) continue
      this.#pass = undefined
      return
    }
    this.#nextStep = setTimeout(() => this.#step(), REST_MS)
  }

  #finishPass(): void {
    clearTimeout(this.#nextStep)
    this.#nextStep = undefined
    if (this.#pass !== undefined) for (const _ of this.#pass);
    this.#pass = undefined
  }

  *#passInSteps(): Generator<void> {
    const { tenants, afterInterval, onProblem } = this.#options
    for (const analysis of tenants().all()) {
      try {
        yield* analysis.evaluateInSteps(analysis.view.now())
      } catch (error) {
        tellFailure(onProblem, error)
      }
    }
    yield
    guard(onProblem, afterInterval)
  }

  #evaluateChanged(): void {
    this.#arrivals = undefined
    const { tenants, onProblem } = this.#options
    for (const [tenant, names] of this.#changed) {
      const analysis = tenants().get(tenant)
      guard(onProblem, () => analysis.evaluateChanged(names, analysis.view.now()))
    }
    this.#changed.clear()
  }
}

class DataSchedule implements Schedule {
  readonly #options: ScheduleOptions
  readonly #evaluatedMs = new Map<string, number>()

  constructor(options: ScheduleOptions) {
    this.#options = options
  }

  start(): void {}

  /** Steps through the intervals between the last evaluation and the newest sample. */
  onArrival(tenant: string, { newestMs }: Arrival): void {
    const { config, tenants, afterInterval, onProblem } = this.#options
    const { intervalMs } = config.evaluation
    const analysis = tenants().get(tenant)
    const last = this.#evaluatedMs.get(tenant) ?? Math.floor(newestMs / intervalMs) * intervalMs
    const first = Math.max(last + intervalMs, newestMs - STEPS_MAX * intervalMs)
    let evaluated = last
    for (let at = first; at <= newestMs; at += intervalMs) {
      guard(onProblem, () => analysis.evaluate(at))
      evaluated = at
    }
    this.#evaluatedMs.set(tenant, evaluated)
    guard(onProblem, afterInterval)
  }

  settle(): void {
    for (const analysis of this.#options.tenants().all()) analysis.evaluate(analysis.newestMs())
  }

  stop(): void {}
}

/** One tenant's failure must not keep the others from being evaluated. */
function guard(onProblem: (message: string) => void, evaluate: () => void): void {
  try {
    evaluate()
  } catch (error) {
    tellFailure(onProblem, error)
  }
}

function tellFailure(onProblem: (message: string) => void, error: unknown): void {
  onProblem(`an evaluation failed: ${(error as Error).stack ?? String(error)}`)
}
