import { PromqlError } from '../errors.ts'
import type { SampleBuffer } from '../sample-buffer.ts'
import type { Matcher, SeriesSource, SourceSeries } from '../series-source.ts'
import type { Annotations } from './annotations.ts'
import type { BucketLabels } from './bucket-labels.ts'
import type { SharedResults } from './shared-results.ts'
import type { Steps } from './steps.ts'

/** The bounds that every query stays in. */
export interface Limits {
  /** Samples held at once. Prometheus' default: 50,000,000. */
  readonly samplesMax: number
  /** Series that one selector may match. */
  readonly seriesMax: number
  /** Steps of one range query or subquery. */
  readonly stepsMax: number
  /** How long a query may take; Infinity for ever. */
  readonly timeoutMs: number
}

/** A row has labels to be looked up, and made when they are new: as much work as so many cells. */
const ROW_CELLS = 8

/** One evaluation: what its parts share. */
export class Query {
  readonly source: SeriesSource
  readonly annotations: Annotations
  readonly lookbackMs: number
  /** The step of subqueries that name none. */
  readonly subqueryStepMs: number
  /** Names are dropped at the end only, so that `label_replace` may still see them. */
  readonly delayedNames: boolean
  /** `rate` and `resets` look at start timestamps. */
  readonly startTimestamps: boolean
  /** The `__type__` label tells counters, not the name's suffix. */
  readonly typeAndUnitLabels: boolean
  /** Reused by all selectors: they read one series at a time. */
  readonly buffer: SampleBuffer
  readonly shared: SharedResults | undefined
  readonly buckets: BucketLabels
  readonly #limits: Limits
  readonly #cellsPerStep: number
  readonly #now: () => number
  readonly #deadline: number
  #samples = 0
  #ticks = 0
  #cells = 0
  #looked = 0
  #read = 0
  #peak = 0

  constructor(parts: {
    source: SeriesSource
    annotations: Annotations
    lookbackMs: number
    subqueryStepMs: number
    delayedNames: boolean
    startTimestamps: boolean
    typeAndUnitLabels: boolean
    buffer: SampleBuffer
    shared: SharedResults | undefined
    buckets: BucketLabels
    limits: Limits
    cellsPerStep: number
    now: () => number
  }) {
    this.source = parts.source
    this.annotations = parts.annotations
    this.lookbackMs = parts.lookbackMs
    this.subqueryStepMs = parts.subqueryStepMs
    this.delayedNames = parts.delayedNames
    this.startTimestamps = parts.startTimestamps
    this.typeAndUnitLabels = parts.typeAndUnitLabels
    this.buffer = parts.buffer
    this.shared = parts.shared
    this.buckets = parts.buckets
    this.#limits = parts.limits
    this.#cellsPerStep = parts.cellsPerStep
    this.#now = parts.now
    this.#deadline =
      parts.limits.timeoutMs === Infinity ? Infinity : parts.now() + parts.limits.timeoutMs
  }

  /** Asks the source for series, within the limit. */
  *select(
    matchers: readonly Matcher[],
    fromMs: number,
    toMs: number,
  ): Steps<readonly SourceSeries[]> {
    const { source } = this
    const most = this.#limits.seriesMax
    const series =
      source.selectInSteps === undefined
        ? source.select(matchers, fromMs, toMs, most)
        : yield* source.selectInSteps(matchers, fromMs, toMs, most)
    if (series.length > most) {
      throw new PromqlError(
        'too_many_series',
        `query processing would load too many series: a selector matches more than the ${most} that are allowed`,
      )
    }
    return series
  }

  /** Samples held now. */
  get samples(): number {
    return this.#samples
  }

  /** Counts samples that a step looks at. */
  look(samples: number): void {
    this.#looked += samples
  }

  /** Counts samples that the source handed out. */
  noteRead(samples: number): void {
    this.#read += samples
  }

  /** What the evaluation took so far. */
  get usage(): { readonly total: number; readonly read: number; readonly peak: number } {
    return { total: this.#looked, read: this.#read, peak: this.#peak }
  }

  /** Counts samples that are held from now on. */
  hold(samples: number): void {
    this.#samples += samples
    if (this.#samples > this.#peak) this.#peak = this.#samples
    if (this.#samples > this.#limits.samplesMax) {
      throw new PromqlError(
        'too_many_samples',
        `query processing would load too many samples into memory in query execution: more than ${this.#limits.samplesMax}`,
      )
    }
  }

  /** Forgets what was held beyond a number, once it has been consumed. */
  releaseTo(samples: number): void {
    this.#samples = samples
  }

  checkSteps(steps: number): void {
    if (steps <= this.#limits.stepsMax) return
    throw new PromqlError(
      'too_many_samples',
      `query would be evaluated at ${steps} steps, at most ${this.#limits.stepsMax} are allowed`,
    )
  }

  /** Counts a row and the cells or samples of it that were worked on; true when it is time to rest. */
  mayRest(cells: number): boolean {
    this.#cells += cells + ROW_CELLS
    if (this.#cells < this.#cellsPerStep) return false
    this.#cells = 0
    return true
  }

  /** Ends the query when its time is over. Cheap: the clock is read every 64th time. */
  checkTime(): void {
    if (this.#deadline === Infinity || this.#ticks++ % 64 !== 0) return
    if (this.#now() <= this.#deadline) return
    throw new PromqlError('timeout', 'query timed out in expression evaluation')
  }
}
