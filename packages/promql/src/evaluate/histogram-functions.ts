import type { Call, Expr } from '../ast.ts'
import { formatG, quote } from '../go-format.ts'
import { type ClassicBucket, classicFraction, classicQuantile } from '../histogram/classic.ts'
import { histogramFraction, histogramQuantile, type NoteTo } from '../histogram/statistics.ts'
import type { LabelSet } from '../label-set.ts'
import { checkQuantile, forMetric } from './annotations.ts'
import { type Block, BlockBuilder, FLOAT, HISTOGRAM } from './block.ts'
import { sameLabelsetError } from './duplicates.ts'
import type { Frame } from './frame.ts'
import type { Query } from './query.ts'
import type { Steps } from './steps.ts'
import { renamed } from './vector-functions.ts'

/** The `le` series of one classic histogram. */
interface ClassicHistogram {
  readonly labels: LabelSet
  readonly rows: { readonly row: number; readonly upperBound: number }[]
  /** The row of a native histogram of the same name and labels, if there is one. */
  nativeRow: number | undefined
}

/** What to make of histograms: the same for native and classic ones. */
interface Measure {
  /** Labels of the result. */
  labels(labels: LabelSet): LabelSet
  ofNative(histogram: Parameters<typeof histogramQuantile>[1], step: number, note: NoteTo): number
  ofClassic(buckets: ClassicBucket[], step: number, labels: LabelSet): number
}

/** `histogram_quantile(q, vector)`. */
export function* quantileOfHistograms(
  query: Query,
  call: Call,
  quantiles: Float64Array,
  block: Block,
  frame: Frame,
): Steps<Block> {
  for (const quantile of quantiles) checkQuantile(query.annotations, quantile, call.args[0]!.span)
  const out = new Output(query, block)
  yield* out.measure(
    call.args[1]!,
    quantileMeasure(query, call.args[1]!, quantiles, frame, (set) => set),
  )
  return out.build()
}

/** `histogram_quantiles(vector, label, q…)`: the label tells which quantile a series is. */
export function* quantilesOfHistograms(
  query: Query,
  call: Call,
  block: Block,
  label: string,
  quantiles: readonly Float64Array[],
  frame: Frame,
): Steps<Block> {
  const out = new Output(query, block)
  quantiles.forEach((series, index) => {
    for (const quantile of series) {
      checkQuantile(query.annotations, quantile, call.args[index + 2]!.span)
    }
  })
  for (const series of quantiles) {
    for (const value of new Set(series)) {
      const named = (set: LabelSet) => set.with(label, openMetricsFloat(value))
      const measure = quantileMeasure(query, call.args[0]!, series, frame, named)
      yield* out.measure(call.args[0]!, measure, (step) => Object.is(series[step], value))
    }
  }
  return out.build()
}

function quantileMeasure(
  query: Query,
  arg: Expr,
  quantiles: Float64Array,
  frame: Frame,
  named: (labels: LabelSet) => LabelSet,
): Measure {
  return {
    labels: named,
    ofNative: (histogram, step, note) => histogramQuantile(quantiles[step]!, histogram, note),
    ofClassic: (buckets, step, labels) => {
      const { value, forced } = classicQuantile(quantiles[step]!, buckets)
      if (forced !== undefined) {
        const atMs = frame.startMs + step * frame.stepMs
        const name = query.delayedNames ? labels.metricName : ''
        const fix = { ...forced, span: arg.span, fromMs: atMs, toMs: atMs }
        query.annotations.forcedMonotonicity(name, fix)
      }
      return value
    },
  }
}

/** `histogram_fraction(lower, upper, vector)`. */
export function* fractionOfHistograms(
  query: Query,
  call: Call,
  lower: Float64Array,
  upper: Float64Array,
  block: Block,
): Steps<Block> {
  const out = new Output(query, block)
  yield* out.measure(call.args[2]!, {
    labels: (labels) => labels,
    ofNative: (histogram, step, note) =>
      histogramFraction(lower[step]!, upper[step]!, histogram, note),
    ofClassic: (buckets, step) => classicFraction(lower[step]!, upper[step]!, buckets),
  })
  return out.build()
}

class Output {
  readonly #query: Query
  readonly #block: Block
  readonly #out: BlockBuilder
  readonly #rows = new Map<string, number>()
  #classic: Map<LabelSet, ClassicHistogram> | undefined

  constructor(query: Query, block: Block) {
    this.#query = query
    this.#block = block
    this.#out = new BlockBuilder(block.steps, block.rows)
  }

  *measure(
    arg: Expr,
    measure: Measure,
    atStep: (step: number) => boolean = () => true,
  ): Steps<void> {
    const block = this.#block
    const query = this.#query
    this.#classic ??= yield* collectClassic(query, block, arg)
    if (block.histograms !== undefined) {
      for (let row = 0; row < block.rows; row++) {
        if (query.mayRest(8 * block.steps)) yield
        this.#measureNative(arg, measure, row, atStep)
      }
    }
    for (const histogram of this.#classic.values()) {
      if (query.mayRest(2 * histogram.rows.length * block.steps)) yield
      this.#measureClassic(arg, measure, histogram, atStep)
    }
  }

  build(): Block {
    return this.#out.build(false)
  }

  #measureNative(
    arg: Expr,
    measure: Measure,
    row: number,
    atStep: (step: number) => boolean,
  ): void {
    const block = this.#block
    const labels = block.labels[row]!
    const classic = this.#classicOf(labels)
    const result = measure.labels(renamed(this.#query, labels))
    const note = this.#note(arg, labels)
    for (let step = 0; step < block.steps; step++) {
      const cell = row * block.steps + step
      if (block.kinds[cell] !== HISTOGRAM || !atStep(step)) continue
      if (classic !== undefined && this.#hasBuckets(classic, step)) continue
      this.#put(result, step, measure.ofNative(block.histograms![cell]!, step, note))
    }
  }

  #measureClassic(
    arg: Expr,
    measure: Measure,
    histogram: ClassicHistogram,
    atStep: (step: number) => boolean,
  ): void {
    const block = this.#block
    const result = measure.labels(renamed(this.#query, histogram.labels))
    for (let step = 0; step < block.steps; step++) {
      if (!atStep(step)) continue
      const buckets: ClassicBucket[] = []
      for (const { row, upperBound } of histogram.rows) {
        const cell = row * block.steps + step
        if (block.kinds[cell] === FLOAT) buckets.push({ upperBound, count: block.values[cell]! })
      }
      if (buckets.length === 0) continue
      const { nativeRow } = histogram
      if (nativeRow !== undefined && block.kinds[nativeRow * block.steps + step] === HISTOGRAM) {
        const name = forMetric(this.#knownName(histogram.labels))
        this.#query.annotations.warn(
          `vector contains a mix of classic and native histograms${name}`,
          arg.span,
        )
        continue
      }
      this.#put(result, step, measure.ofClassic(buckets, step, histogram.labels))
    }
  }

  /** The classic histogram of exactly these labels. */
  #classicOf(labels: LabelSet): ClassicHistogram | undefined {
    return labels.has('le') ? undefined : this.#classic!.get(classicLabels(this.#query, labels))
  }

  #hasBuckets(histogram: ClassicHistogram, step: number): boolean {
    const { kinds, steps } = this.#block
    return histogram.rows.some(({ row }) => kinds[row * steps + step] === FLOAT)
  }

  #knownName(labels: LabelSet): string {
    return this.#query.delayedNames ? labels.metricName : ''
  }

  #note(arg: Expr, labels: LabelSet): NoteTo {
    const { annotations } = this.#query
    return { annotations, metricName: this.#knownName(labels), span: arg.span }
  }

  #put(labels: LabelSet, step: number, value: number): void {
    let base = this.#rows.get(labels.key)
    if (base === undefined) {
      base = this.#out.add(labels, this.#query.delayedNames)
      this.#rows.set(labels.key, base)
    }
    if (this.#out.kinds[base + step] === FLOAT) throw sameLabelsetError()
    this.#out.setFloat(base + step, value)
  }
}

/** Groups the rows with floats by their labels without `le`. */
function* collectClassic(
  query: Query,
  block: Block,
  arg: Expr,
): Steps<Map<LabelSet, ClassicHistogram>> {
  const histograms = new Map<LabelSet, ClassicHistogram>()
  const nativeRows: number[] = []
  const { steps, kinds } = block
  for (let row = 0; row < block.rows; row++) {
    if (query.mayRest(steps)) yield
    const own = kinds.subarray(row * steps, (row + 1) * steps)
    if (block.histograms !== undefined && own.includes(HISTOGRAM)) nativeRows.push(row)
    if (!own.includes(FLOAT)) continue
    const labels = block.labels[row]!
    const { histogram: set, upperBound } = query.buckets.of(labels)
    if (upperBound === undefined) {
      const name = forMetric(query.delayedNames ? labels.metricName : '')
      query.annotations.warn(
        `bucket label "le" is missing or has a malformed value of ${quote(labels.get('le'))}${name}`,
        arg.span,
      )
      continue
    }
    const histogram = histograms.get(set)
    if (histogram !== undefined) histogram.rows.push({ row, upperBound })
    else histograms.set(set, { labels: set, rows: [{ row, upperBound }], nativeRow: undefined })
  }
  for (const row of nativeRows) {
    const labels = block.labels[row]!
    const histogram = labels.has('le') ? undefined : histograms.get(classicLabels(query, labels))
    if (histogram !== undefined) histogram.nativeRow = row
  }
  return histograms
}

/** The labels that a native histogram's classic twin has, as the object by which it is known. */
function classicLabels(query: Query, labels: LabelSet): LabelSet {
  // A set without `le` is its own histogram's.
  return query.buckets.of(labels).histogram
}

/** A float as OpenMetrics writes it: always with a point or an exponent. */
function openMetricsFloat(value: number): string {
  const text = formatG(value)
  return /[e.NI]/.test(text) ? text : `${text}.0`
}
