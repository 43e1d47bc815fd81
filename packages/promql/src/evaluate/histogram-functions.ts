import type { Call, Expr } from '../ast.ts'
import { formatG, quote } from '../go-format.ts'
import { type ClassicBucket, classicFraction, classicQuantile } from '../histogram/classic.ts'
import { histogramFraction, histogramQuantile, type NoteTo } from '../histogram/statistics.ts'
import type { LabelSet } from '../label-set.ts'
import { parseNumber } from '../parse/literals.ts'
import { checkQuantile, forMetric } from './annotations.ts'
import { type Block, BlockBuilder, FLOAT, HISTOGRAM } from './block.ts'
import { sameLabelsetError } from './duplicates.ts'
import type { Frame } from './frame.ts'
import type { Query } from './query.ts'
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
export function quantileOfHistograms(
  query: Query,
  call: Call,
  quantiles: Float64Array,
  block: Block,
  frame: Frame,
): Block {
  for (const quantile of quantiles) checkQuantile(query.annotations, quantile, call.args[0]!.span)
  const out = new Output(query, block)
  out.measure(
    call.args[1]!,
    quantileMeasure(query, call.args[1]!, quantiles, frame, (set) => set),
  )
  return out.build()
}

/** `histogram_quantiles(vector, label, q…)`: the label tells which quantile a series is. */
export function quantilesOfHistograms(
  query: Query,
  call: Call,
  block: Block,
  label: string,
  quantiles: readonly Float64Array[],
  frame: Frame,
): Block {
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
      out.measure(call.args[0]!, measure, (step) => Object.is(series[step], value))
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
export function fractionOfHistograms(
  query: Query,
  call: Call,
  lower: Float64Array,
  upper: Float64Array,
  block: Block,
): Block {
  const out = new Output(query, block)
  out.measure(call.args[2]!, {
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
  #classic: Map<string, ClassicHistogram> | undefined

  constructor(query: Query, block: Block) {
    this.#query = query
    this.#block = block
    this.#out = new BlockBuilder(block.steps, block.rows)
  }

  measure(arg: Expr, measure: Measure, atStep: (step: number) => boolean = () => true): void {
    const block = this.#block
    this.#classic ??= collectClassic(this.#query, block, arg)
    for (let row = 0; row < block.rows; row++) {
      if (block.histograms !== undefined) this.#measureNative(arg, measure, row, atStep)
    }
    for (const histogram of this.#classic.values())
      this.#measureClassic(arg, measure, histogram, atStep)
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
    const classic = this.#classic!.get(labels.key)
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
function collectClassic(query: Query, block: Block, arg: Expr): Map<string, ClassicHistogram> {
  const histograms = new Map<string, ClassicHistogram>()
  const nativeRows = new Map<string, number>()
  for (let row = 0; row < block.rows; row++) {
    const kinds = block.kinds.subarray(row * block.steps, (row + 1) * block.steps)
    const labels = block.labels[row]!
    if (block.histograms !== undefined && kinds.includes(HISTOGRAM)) nativeRows.set(labels.key, row)
    if (!kinds.includes(FLOAT)) continue
    const le = labels.get('le')
    const upperBound = boundOf(le)
    if (upperBound === undefined) {
      const name = forMetric(query.delayedNames ? labels.metricName : '')
      query.annotations.warn(
        `bucket label "le" is missing or has a malformed value of ${quote(le)}${name}`,
        arg.span,
      )
      continue
    }
    const own = labels.without(['le'])
    let histogram = histograms.get(own.key)
    if (histogram === undefined) {
      histogram = { labels: own, rows: [], nativeRow: undefined }
      histograms.set(own.key, histogram)
    }
    histogram.rows.push({ row, upperBound })
  }
  for (const [key, row] of nativeRows) {
    const histogram = histograms.get(key)
    if (histogram !== undefined) histogram.nativeRow = row
  }
  return histograms
}

function boundOf(le: string): number | undefined {
  const text = le.replace(/^[+-]/, '').replace(/^infinity$/i, 'inf')
  const parsed = text === '' ? undefined : parseNumber(text)
  if (parsed === undefined || parsed.duration) return undefined
  return le.startsWith('-') ? -parsed.value : parsed.value
}

/** A float as OpenMetrics writes it: always with a point or an exponent. */
function openMetricsFloat(value: number): string {
  const text = formatG(value)
  return /[e.NI]/.test(text) ? text : `${text}.0`
}
