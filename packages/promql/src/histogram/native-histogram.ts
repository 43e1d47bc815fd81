/** The schema number of histograms with custom bucket bounds. */
export const CUSTOM_BUCKETS_SCHEMA = -53

/** Consecutive buckets, also the empty ones between them. */
export interface HistogramBuckets {
  /**
   * The index of the first bucket. Exponential bucket i covers (base^(i-1), base^i] with
   * base = 2^(2^-schema): it is OTLP's bucket i-1. Custom bucket i ends at `customBounds[i]`.
   */
  readonly offset: number
  /** Observations in each bucket (not cumulative); may be fractional after rates. */
  readonly counts: Float64Array
}

/** What is known of the step from the sample before to this one. */
export type CounterResetHint = 'unknown' | 'reset' | 'not_reset' | 'gauge'

/** A native histogram sample. Immutable: it may be shared by a source and any number of results. */
export interface NativeHistogram {
  /** Resolution -4 … 8 (OTLP's scale), or {@link CUSTOM_BUCKETS_SCHEMA}. */
  readonly schema: number
  /** Observations within ±zeroThreshold are in the zero bucket. */
  readonly zeroThreshold: number
  readonly zeroCount: number
  readonly count: number
  readonly sum: number
  readonly positive: HistogramBuckets
  readonly negative: HistogramBuckets
  /** Upper bounds of custom buckets, ascending, without +Inf; absent for exponential schemas. */
  readonly customBounds?: Float64Array
  readonly counterResetHint: CounterResetHint
}

/** No buckets. */
export const NO_BUCKETS: HistogramBuckets = { offset: 0, counts: new Float64Array(0) }
