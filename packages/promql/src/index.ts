export {
  type CounterResetHint,
  CUSTOM_BUCKETS_SCHEMA,
  type HistogramBuckets,
  type NativeHistogram,
  NO_BUCKETS,
} from './histogram/native-histogram.ts'
export { compareLabelSets, LabelSet, METRIC_NAME } from './label-set.ts'
export { compileMatchers, compileRegex, compileValueTest } from './matchers.ts'
export { MemorySource, type SampleValue } from './memory-source.ts'
export { SAMPLE_FLOAT, SAMPLE_HISTOGRAM, SAMPLE_STALE, SampleBuffer } from './sample-buffer.ts'
export type { Matcher, SeriesSource, SourceSeries } from './series-source.ts'
