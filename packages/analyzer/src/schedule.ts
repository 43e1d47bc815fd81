import type { Config } from './config/schema.ts'
import type { Arrival } from './store/tenant-stores.ts'
import type { TenantAnalysis } from './tenant-analysis.ts'
import type { Tenants } from './tenants.ts'
import type { Turns } from './turns.ts'

/** Arrivals within this time share one evaluation: a burst of requests costs one pass, not many. */
const ARRIVAL_MS = 5
/** However short the interval of a group: more often than this nobody looks. */
const RULES_MS_MIN = 100
/** How many intervals one arrival may make up for when the data's clock jumps. */
const STEPS_MAX = 240

/** When tenants are evaluated: on their interval, and at once for what just arrived. */
export interface Schedule {
  readonly onArrival: (tenant: string, arrival: Arrival) => void
  readonly start: () => void
  /** New rules are in force, and their intervals with them. */
  readonly onNewRules: () => void
  /** Evaluates everything that has arrived, up to the newest sample, and stops. */
  readonly settle: () => void
  readonly stop: () => void
}

export interface ScheduleOptions {
  readonly config: Config
  readonly tenants: () => Tenants
  readonly turns: Turns
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
  #ruleTimer: NodeJS.Timeout | undefined
  #detectTimer: NodeJS.Timeout | undefined
  #arrivals: NodeJS.Timeout | undefined
  /** What is left of the passes that are under way. */
  #rules: Generator<void> | undefined
  #detectors: Generator<void> | undefined
  /** Tenants whose costly rules are being evaluated for what arrived. */
  readonly #busy = new Set<string>()

  constructor(options: ScheduleOptions) {
    this.#options = options
  }

  start(): void {
    const { config } = this.#options
    this.#detectTimer = setInterval(() => this.#beginDetectors(), config.evaluation.intervalMs)
    this.#armRules()
  }

  onNewRules(): void {
    if (this.#ruleTimer === undefined) return
    clearTimeout(this.#ruleTimer)
    this.#armRules()
  }

  onArrival(tenant: string, { names }: Arrival): void {
    if (!this.#options.config.evaluation.onArrival || this.#detectTimer === undefined) return
    const changed = this.#changed.get(tenant) ?? new Set()
    for (const name of names) changed.add(name)
    this.#changed.set(tenant, changed)
    this.#arrivals ??= setTimeout(() => this.#evaluateChanged(), ARRIVAL_MS)
  }

  settle(): void {
    for (const pass of [this.#rules, this.#detectors]) if (pass) for (const _ of pass);
    this.stop()
    const { tenants } = this.#options
    // What has ended is judged at its last sample: later instants would only see it fade.
    for (const analysis of tenants().all()) analysis.evaluate(analysis.newestMs())
  }

  stop(): void {
    clearTimeout(this.#ruleTimer)
    clearInterval(this.#detectTimer)
    clearTimeout(this.#arrivals)
    this.#ruleTimer = undefined
    this.#detectTimer = undefined
    this.#arrivals = undefined
    this.#rules?.return(undefined)
    this.#detectors?.return(undefined)
  }

  /** Groups of rules may have shorter intervals than detectors, and new files bring new ones. */
  #armRules(): void {
    const { config, tenants } = this.#options
    const intervals = tenants()
      .all()
      .map((analysis) => analysis.ruleIntervalMs())
    const tickMs = Math.max(RULES_MS_MIN, Math.min(config.evaluation.intervalMs, ...intervals))
    this.#ruleTimer = setTimeout(() => {
      this.#armRules()
      this.#beginRules()
    }, tickMs)
  }

  /** A pass that is not over when the next is due goes on, and that one is left out, as in Prometheus. */
  #beginRules(): void {
    if (this.#rules !== undefined) return
    this.#rules = this.#forAll((analysis) => analysis.evaluateRules(analysis.view.now()))
    this.#run(this.#rules, () => {
      this.#rules = undefined
    })
  }

  #beginDetectors(): void {
    if (this.#detectors !== undefined) return
    this.#detectors = this.#forAll((analysis) => analysis.detect(analysis.view.now()))
    this.#run(this.#detectors, () => {
      this.#detectors = undefined
      if (this.#detectTimer !== undefined)
        guard(this.#options.onProblem, this.#options.afterInterval)
    })
  }

  *#forAll(pass: (analysis: TenantAnalysis) => Generator<void>): Generator<void> {
    const { tenants, onProblem } = this.#options
    for (const analysis of tenants().all()) {
      try {
        yield* pass(analysis)
      } catch (error) {
        tellFailure(onProblem, error)
      }
      yield
    }
  }

  #run(steps: Generator<void>, after: () => void): void {
    const { turns, onProblem } = this.#options
    turns
      .run(steps)
      .catch((error: unknown) => tellFailure(onProblem, error))
      .finally(after)
  }

  #evaluateChanged(): void {
    this.#arrivals = undefined
    const { tenants, onProblem } = this.#options
    for (const [tenant, names] of this.#changed) {
      const analysis = tenants().get(tenant)
      guard(onProblem, () => {
        analysis.evaluateChanged(names, analysis.view.now())
        this.#evaluateWaiting(tenant, analysis)
      })
    }
    this.#changed.clear()
  }

  #evaluateWaiting(tenant: string, analysis: TenantAnalysis): void {
    if (this.#busy.has(tenant)) return
    this.#busy.add(tenant)
    this.#run(analysis.evaluateWaiting(), () => this.#busy.delete(tenant))
  }
}

class DataSchedule implements Schedule {
  readonly #options: ScheduleOptions
  readonly #evaluatedMs = new Map<string, number>()

  constructor(options: ScheduleOptions) {
    this.#options = options
  }

  start(): void {}

  onNewRules(): void {}

  /** Steps through the intervals between the last evaluation and the newest sample. */
  onArrival(tenant: string, { newestMs }: Arrival): void {
    const { config, tenants, afterInterval, onProblem } = this.#options
    const { intervalMs } = config.evaluation
    const analysis = tenants().get(tenant)
    // Groups of rules may have shorter intervals than detectors.
    const tickMs = Math.min(intervalMs, analysis.ruleIntervalMs())
    const last = this.#evaluatedMs.get(tenant) ?? Math.floor(newestMs / intervalMs) * intervalMs
    const first = Math.max(last + tickMs, newestMs - STEPS_MAX * intervalMs)
    let evaluated = last
    for (let at = first; at <= newestMs; at += tickMs) {
      const isFull = Math.floor(at / intervalMs) > Math.floor(evaluated / intervalMs)
      guard(onProblem, () => {
        if (isFull) analysis.evaluate(at)
        else for (const _ of analysis.evaluateRules(at));
      })
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
