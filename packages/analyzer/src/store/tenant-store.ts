import {
  compileMatchers,
  type GroupedSelection,
  type LabelSet,
  type Matcher,
  METRIC_NAME,
  runThrough,
  type SeriesGrouping,
  type SeriesSource,
  type SourceSeries,
} from '@chokepoint/promql'
import type { PointExemplar } from '../decode/exemplars.ts'
import type { PointBatch } from '../decode/point-batch.ts'
import { BatchWriter, type TimeWindow } from './batch-writer.ts'
import { BlockChains } from './block-chain.ts'
import { type BlockPool, NO_BLOCK } from './block-pool.ts'
import { BoundsTable } from './bounds-table.ts'
import type { Family } from './family-table.ts'
import { HistogramReader } from './histogram-reader.ts'
import type { Steps } from './ingest-order.ts'
import type { StoreLimits } from './limits.ts'
import type { RuleSample, RuleValue } from './log/rule-samples.ts'
import { RefusalRecorder } from './refusal-recorder.ts'
import { IngestTally } from './rejections.ts'
import { SampleWriter } from './sample-writer.ts'
import { SeriesLabelSets } from './series-label-sets.ts'
import { SeriesMaker } from './series-maker.ts'
import { SeriesSelector } from './series-select.ts'
import { StreamIndex } from './stream-index.ts'
import { HEAD, RESOURCE } from './stream-records.ts'
import type { TimeColumn } from './time-column.ts'

/** What is known of a metric, as Prometheus' `/api/v1/metadata` gives it. */
export interface MetricMetadata {
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram' | 'summary' | 'unknown'
  readonly help: string
  /** UCUM, as it was sent. */
  readonly unit: string
}

/** Exemplars of one series. */
export interface SeriesExemplars {
  readonly labels: LabelSet
  readonly exemplars: readonly PointExemplar[]
}

/** How a tenant's samples are bounded in time and memory. */
export interface TenantStoreOptions {
  readonly retentionMs: number
  readonly outOfOrderMs: number
  readonly limits: StoreLimits
}

// Streams that one call looks at: a few milliseconds of work.
const SWEEP_STEP = 20_000
// Points that one step adds: a few milliseconds when each begins a series and no code is compiled yet.
const WRITE_STEP = 100

/** The newest samples of one tenant: PromQL reads them, OTLP requests and rules write them. */
export class TenantStore implements SeriesSource {
  readonly #options: TenantStoreOptions
  readonly #onAppend: (sample: RuleSample) => void
  readonly #columns: (TimeColumn | undefined)[] = []
  readonly #index = new StreamIndex()
  readonly #chains: BlockChains
  readonly #bounds = new BoundsTable()
  readonly #labelSets = new SeriesLabelSets(this.#index)
  readonly #maker: SeriesMaker
  readonly #writer: SampleWriter
  readonly #batches: BatchWriter
  readonly #histograms: HistogramReader
  readonly #selector: SeriesSelector
  #ruleColumn = -1
  readonly #refusals: RefusalRecorder
  #sweptMs = Number.NEGATIVE_INFINITY
  #sweep: Generator<void> | undefined

  /** `onAppend` is told of each sample that a rule added. */
  constructor(
    pool: BlockPool,
    options: TenantStoreOptions,
    onAppend: (sample: RuleSample) => void = () => {},
  ) {
    this.#options = options
    this.#onAppend = onAppend
    const { limits } = options
    const full = () => pool.bytes + this.#index.bytes > limits.memoryBytesMax
    this.#chains = new BlockChains(pool, this.#index.records, this.#columns)
    this.#maker = new SeriesMaker(this.#index, limits, this.#columns, full)
    this.#writer = new SampleWriter(
      this.#index,
      this.#chains,
      this.#bounds,
      options.outOfOrderMs,
      limits.bucketsMax,
    )
    this.#refusals = new RefusalRecorder(this.#index, this.#maker, this.#writer, () =>
      this.#ownColumn(),
    )
    this.#batches = new BatchWriter(this.#index, this.#maker, this.#writer)
    this.#histograms = new HistogramReader(this.#chains, this.#bounds, this.#labelSets)
    this.#selector = new SeriesSelector(
      this.#index,
      this.#chains,
      this.#bounds,
      this.#labelSets,
      this.#histograms,
    )
  }

  /**
   * Adds the points of a batch whose times are in the window. Between two steps queries may read what is there;
   * nothing else may be written from a batch.
   */
  *write(batch: PointBatch, window: TimeWindow): Steps<IngestTally> {
    const tally = new IngestTally()
    this.#batches.begin(batch, tally)
    for (let first = 0; first < batch.points; first += WRITE_STEP) {
      const end = Math.min(first + WRITE_STEP, batch.points)
      this.#batches.write(batch, first, end, window, tally)
      this.#histograms.forgetRows()
      if (end < batch.points) yield
    }
    // Only here: a batch that rests may still have a series for a family that had none taken so far.
    this.#index.families.forgetRefused()
    return tally
  }

  /** Adds a sample that a rule made; `'stale'` ends the series. False when it is not taken. */
  append(
    name: string,
    labels: Iterable<readonly [string, string]>,
    timeMs: number,
    value: RuleValue,
  ): boolean {
    const pairs = [...labels].filter(([label]) => label !== METRIC_NAME)
    const added = this.add(name, pairs, timeMs, value)
    if (added) this.#onAppend({ name, labels: pairs, timeMs, value })
    return added
  }

  /** Adds a sample as `append` does, for one that is in the log already. */
  add(
    name: string,
    labels: readonly (readonly [string, string])[],
    timeMs: number,
    value: RuleValue,
  ): boolean {
    const tally = new IngestTally()
    // A rule may give one series as numbers and as histograms in turn: what ends it ends both.
    if (value === 'stale') this.#endHistograms(name, labels, timeMs, tally)
    const storage = typeof value === 'object' ? 'exponential' : 'number'
    const family = this.#index.families.of(name, storage, () => ({
      type: storage === 'number' ? 'gauge' : 'histogram',
      help: '',
      unit: '',
    }))
    const id = this.#maker.streamOf(family, labels, this.#ownColumn())
    if (typeof id !== 'number') return false
    if (typeof value === 'object') {
      this.#writer.addMade(id, timeMs, value, tally)
      this.#histograms.forgetRows()
    } else {
      const stale = value === 'stale'
      this.#writer.addNumber(id, timeMs, 0, stale ? 0 : value, stale, tally)
    }
    return tally.rejected === 0
  }

  #endHistograms(
    name: string,
    labels: readonly (readonly [string, string])[],
    timeMs: number,
    tally: IngestTally,
  ): void {
    const family = this.#index.families.find(name, 'exponential')
    const ids = family && this.#index.labels.knownIdsOf(labels)
    const id = ids === undefined ? -1 : this.#index.find(family!, ids)
    if (id === -1) return
    this.#writer.endExponential(id, timeMs, tally)
    this.#histograms.forgetRows()
  }

  /** Adds samples that say which series the limits refused, once in a while; it may be called often. */
  recordRefusals(nowMs: number): void {
    this.#refusals.record(nowMs)
  }

  select(
    matchers: readonly Matcher[],
    fromMs: number,
    toMs: number,
    seriesMax?: number,
  ): readonly SourceSeries[] {
    return runThrough(this.#selector.select(matchers, fromMs, toMs, seriesMax))
  }

  /** The same in steps: of a hundred thousand series that takes a while. */
  selectInSteps(
    matchers: readonly Matcher[],
    fromMs: number,
    toMs: number,
    seriesMax?: number,
  ): Steps<readonly SourceSeries[]> {
    return this.#selector.select(matchers, fromMs, toMs, seriesMax)
  }

  /** Very many series of one metric in pieces, with the groups that they fall into. */
  selectGrouped(
    matchers: readonly Matcher[],
    fromMs: number,
    toMs: number,
    by: SeriesGrouping,
    least: number,
  ): GroupedSelection | undefined {
    return this.#selector.selectGrouped(matchers, fromMs, toMs, by, least)
  }

  /** The times of samples that no resource sent. */
  #ownColumn(): number {
    if (this.#ruleColumn === -1) this.#ruleColumn = this.#maker.addColumn()
    return this.#ruleColumn
  }

  /** The time of the newest sample, or undefined before the first. */
  newestMs(): number | undefined {
    const { newestMs } = this.#batches
    return newestMs === Number.NEGATIVE_INFINITY ? undefined : newestMs
  }

  /** The names, as queries use them, of the metrics that got samples since the last call. */
  takeTouchedNames(): ReadonlySet<string> {
    const names = new Set<string>()
    for (const { name } of this.#batches.touched) {
      names.add(name)
      // Rules over a histogram name its parts; over another metric these names exist nowhere.
      for (const suffix of ['_bucket', '_sum', '_count']) names.add(name + suffix)
    }
    this.#batches.touched.clear()
    return names
  }

  /** Series as Prometheus counts them: each bucket of a histogram, its sum and its count are one. */
  seriesCount(): number {
    return this.#index.series
  }

  /** Names and values of labels, each pair once, that are kept for the series. */
  labelPairs(): number {
    return this.#index.labels.size
  }

  /** Names of metrics that are kept for the series. */
  metricNames(): number {
    return [...this.#index.families.names()].length
  }

  /** The label names of the series that match, sorted. */
  labelNames(
    matchers: readonly Matcher[] = [],
    fromMs = Number.NEGATIVE_INFINITY,
    toMs = Number.POSITIVE_INFINITY,
  ): string[] {
    const names = new Set<string>()
    for (const { labels } of this.select(matchers, fromMs, toMs)) {
      for (const name of labels.names) names.add(name)
    }
    return [...names].sort()
  }

  /** The values that a label has among the series that match, sorted. */
  labelValues(
    name: string,
    matchers: readonly Matcher[] = [],
    fromMs = Number.NEGATIVE_INFINITY,
    toMs = Number.POSITIVE_INFINITY,
  ): string[] {
    const values = new Set<string>()
    for (const { labels } of this.select(matchers, fromMs, toMs)) {
      const value = labels.get(name)
      if (value !== '') values.add(value)
    }
    return [...values].sort()
  }

  /** The exemplars in [fromMs, toMs] of the series that match, by series, oldest first. */
  exemplars(matchers: readonly Matcher[], fromMs: number, toMs: number): SeriesExemplars[] {
    const matches = compileMatchers(matchers)
    const bySeries = new Map<string, { labels: LabelSet; exemplars: PointExemplar[] }>()
    for (const { id, exemplar } of this.#batches.exemplars.all()) {
      if (exemplar.timeMs < fromMs || exemplar.timeMs > toMs) continue
      const labels = this.#selector.labelsOfObservation(id, exemplar.value)
      if (!matches(labels)) continue
      const known = bySeries.get(labels.key)
      if (known === undefined) bySeries.set(labels.key, { labels, exemplars: [exemplar] })
      else known.exemplars.push(exemplar)
    }
    return [...bySeries.values()]
  }

  /** Type, help and unit of each metric family; the sum and count of a summary are part of it. */
  metadata(): MetricMetadata[] {
    return [...this.#index.families.all()]
      .filter((family) => family.streams.length > 0 && !this.#isPartOfSummary(family))
      .map(({ name, type, help, unit }) => ({ name, type, help, unit }))
  }

  #isPartOfSummary({ name, type }: Family): boolean {
    const whole = name.replace(/_(sum|count)$/, '')
    return (
      type === 'summary' &&
      whole !== name &&
      this.#index.families.find(whole, 'number')?.type === 'summary'
    )
  }

  /**
   * Drops what is older than the retention, counted back from `nowMs`. Looks only once in a while, and then at a
   * part of the series a call, so it may be called often; true when it has looked at all.
   */
  expire(nowMs: number): boolean {
    if (this.#sweep === undefined) {
      const { retentionMs } = this.#options
      // A block holds minutes of samples, so looking more often than this finds nothing.
      if (nowMs - this.#sweptMs < Math.min(60_000, retentionMs / 10)) return false
      this.#sweptMs = nowMs
      this.#sweep = this.#sweepSteps(nowMs - retentionMs)
    }
    if (this.#sweep.next().done !== true) return false
    this.#sweep = undefined
    return true
  }

  /** Drops all that is older than the retention at once. */
  expireAll(nowMs: number): void {
    this.#sweptMs = Number.NEGATIVE_INFINITY
    while (!this.expire(nowMs));
  }

  *#sweepSteps(cutoffMs: number): Generator<void> {
    const emptied: number[] = []
    const { records } = this.#index
    let looked = 0
    for (const { streams } of this.#index.families.all()) {
      // The length is read anew: streams are added while the sweep rests.
      for (let i = 0; i < streams.length; i++) {
        const id = streams[i]!
        const number = records.ints[id * 16 + RESOURCE]!
        if (this.#chains.dropBefore(id, cutoffMs, this.#columns[number]!)) emptied.push(id)
        if (++looked % SWEEP_STEP === 0) {
          this.#histograms.forgetRows()
          yield
        }
      }
    }
    for (let i = 0; i < this.#columns.length; i++) {
      this.#columns[i]?.forgetBefore(cutoffMs)
      if (i % SWEEP_STEP === SWEEP_STEP - 1) yield
    }
    this.#histograms.forgetRows()
    // A stream that was empty may have a sample again.
    const gone = new Set(emptied.filter((id) => records.ints[id * 16 + HEAD] === NO_BLOCK))
    if (gone.size > 0) {
      this.#labelSets.forget(gone)
      this.#writer.forget(gone)
      this.#batches.exemplars.forget(gone)
      this.#index.remove(gone)
    }
    const keeps = (column: number) =>
      column === this.#ruleColumn || this.#index.streamsOfColumn(column) > 0
    this.#maker.forgetResources(keeps, gone)
  }

  /** Bytes outside of V8's heap that belong to this tenant alone: records, tables, time columns. */
  get bytes(): number {
    const columns = this.#columns.reduce((sum, column) => sum + (column?.bytes ?? 0), 0)
    return this.#index.bytes + columns
  }
}
