import { locate, type Span } from '../errors.ts'
import { formatG, formatG2, quote } from '../go-format.ts'

/** Warnings and infos of one query, each text once, as Prometheus words and merges them. */
export class Annotations {
  readonly #warnings = new Map<string, Span>()
  readonly #infos = new Map<string, Span>()
  readonly #monotonicity = new Map<string, ForcedMonotonicity>()
  readonly #overlaps = new Map<string, { span: Span; count: number }>()

  /** Notes a result that may be wrong; of a repeated text the last position stays. */
  warn(text: string, span: Span): void {
    this.#warnings.set(`PromQL warning: ${text}`, span)
  }

  /** Notes a result that may surprise. */
  info(text: string, span: Span): void {
    this.#infos.set(`PromQL info: ${text}`, span)
  }

  /** Notes that classic buckets had to be made monotonic; the notes of one metric become one. */
  forcedMonotonicity(metricName: string, fix: Omit<ForcedMonotonicity, 'count'>): void {
    const known = this.#monotonicity.get(metricName)
    if (known === undefined) {
      this.#monotonicity.set(metricName, { ...fix, count: 1 })
      return
    }
    this.#monotonicity.set(metricName, {
      span: known.span,
      fromMs: Math.min(known.fromMs, fix.fromMs),
      toMs: Math.max(known.toMs, fix.toMs),
      leastBucket: Math.min(known.leastBucket, fix.leastBucket),
      greatestBucket: Math.max(known.greatestBucket, fix.greatestBucket),
      greatestDiff: Math.max(known.greatestDiff, fix.greatestDiff),
      count: known.count + 1,
    })
  }

  /** Notes that a start time lies before the sample before; the notes of one metric become one. */
  startTimeOverlap(metricName: string, span: Span): void {
    const count = (this.#overlaps.get(metricName)?.count ?? 0) + 1
    this.#overlaps.set(metricName, { span, count })
  }

  /** The texts with their positions in the query. */
  render(query: string): { warnings: string[]; infos: string[] } {
    const at = (span: Span) => {
      const { line, column } = locate(query, span.start)
      return `(${line}:${column})`
    }
    const warnings = [...this.#warnings].map(([text, span]) => `${text} ${at(span)}`)
    for (const [name, { span, count }] of this.#overlaps) {
      const times = count > 1 ? ` (${count} occurrences)` : ''
      warnings.push(`${OVERLAP} for metric ${quote(name)}${times} ${at(span)}`)
    }
    const infos = [...this.#infos].map(([text, span]) => `${text} ${at(span)}`)
    for (const [name, fix] of this.#monotonicity) {
      infos.push(`${monotonicityText(name, fix)} ${at(fix.span)}`)
    }
    return { warnings, infos }
  }
}

interface ForcedMonotonicity {
  readonly span: Span
  readonly fromMs: number
  readonly toMs: number
  readonly leastBucket: number
  readonly greatestBucket: number
  readonly greatestDiff: number
  readonly count: number
}

const OVERLAP = 'PromQL warning: sample has start time that overlaps with previous sample timestamp'
const MONOTONICITY =
  'PromQL info: input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)'

function monotonicityText(name: string, fix: ForcedMonotonicity): string {
  const metric = forMetric(name)
  const buckets = `from buckets ${formatG(fix.leastBucket)} to ${formatG(fix.greatestBucket)}`
  const times = `from ${rfc3339(fix.fromMs)} to ${rfc3339(fix.toMs)}`
  return `${MONOTONICITY}${metric}, ${buckets}, with a max diff of ${formatG2(fix.greatestDiff)}, over ${fix.count} samples ${times}`
}

function rfc3339(timeMs: number): string {
  return `${new Date(Math.trunc(timeMs / 1000) * 1000).toISOString().slice(0, 19)}Z`
}

/** ` for metric name "x"`, or nothing when the name is not known. */
export function forMetric(name: string): string {
  return name === '' ? '' : ` for metric name ${quote(name)}`
}

// The texts that more than one place needs; the others stand where they arise.
export const MIXED_FLOATS_HISTOGRAMS = 'encountered a mix of histograms and floats for'
export const MIXED_BUCKETS =
  'vector contains a mix of histograms with exponential and custom buckets schemas for metric name'
export const NOT_COUNTER = 'this native histogram metric is not a counter:'
export const NOT_GAUGE = 'this native histogram metric is not a gauge:'
export const IGNORED_IN_RANGE =
  'ignored histograms in a range containing both floats and histograms for metric name'

/** Notes a quantile outside [0, 1]. */
export function checkQuantile(annotations: Annotations, quantile: number, span: Span): void {
  if (quantile >= 0 && quantile <= 1) return
  annotations.warn(`quantile value should be between 0 and 1, got ${formatG(quantile)}`, span)
}

/** Notes what combining histograms met. */
export function noteCombination(
  annotations: Annotations,
  outcome: { readonly collision: boolean; readonly reconciled: boolean },
  operation: 'addition' | 'subtraction' | 'aggregation',
  span: Span,
): void {
  if (outcome.collision) {
    annotations.warn(`conflicting counter resets during histogram ${operation}`, span)
  }
  if (outcome.reconciled) {
    annotations.info(`mismatched custom buckets were reconciled during ${operation}`, span)
  }
}
