export type {
  Aggregate,
  AggregateOp,
  AtModifier,
  Binary,
  BinaryOp,
  Call,
  Duration,
  DurationExpr,
  Expr,
  MatrixSelector,
  NumberLiteral,
  Paren,
  StringLiteral,
  Subquery,
  Unary,
  VectorMatching,
  VectorSelector,
} from './ast.ts'
export { childrenOf, typeOf } from './ast.ts'
export { ComposedLabels } from './composed-labels.ts'
export {
  createEngine,
  type Engine,
  type EngineOptions,
  type QueryResult,
  type RangeQueryResult,
} from './engine.ts'
export { type Position, PromqlError, type PromqlErrorCode, type Span } from './errors.ts'
export type { Limits } from './evaluate/query.ts'
export { SharedResults } from './evaluate/shared-results.ts'
export { sortInSteps } from './evaluate/sort-in-steps.ts'
export { runThrough, type Steps } from './evaluate/steps.ts'
export { type FunctionSignature, findFunction, listFunctions } from './functions/catalog.ts'
export { formatF as formatValue } from './go-format.ts'
export { type BoundedBucket, boundedBuckets, formatHistogram } from './histogram/format.ts'
export {
  type CounterResetHint,
  CUSTOM_BUCKETS_SCHEMA,
  type HistogramBuckets,
  type NativeHistogram,
  NO_BUCKETS,
} from './histogram/native-histogram.ts'
export { histogramSequence, noteHistogram, parseHistogram } from './histogram/notation.ts'
export { asStored } from './histogram/stored-hint.ts'
export { compareLabelSets, LabelSet, METRIC_NAME } from './label-set.ts'
export { compileMatchers, compileValueTest } from './matchers.ts'
export { MemorySource, type SampleValue } from './memory-source.ts'
export { type ParseOptions, parse } from './parse/parse.ts'
export { unquote } from './parse/unquote.ts'
export { prettyPrint } from './pretty-print.ts'
export { print } from './print.ts'
export { compileRegex, type Regex, type RegexMatch, RegexSearch } from './regex.ts'
export type { QueryValue, RangeSeries, VectorSample } from './result.ts'
export { SAMPLE_FLOAT, SAMPLE_HISTOGRAM, SAMPLE_STALE, SampleBuffer } from './sample-buffer.ts'
export type {
  GroupedSelection,
  Matcher,
  ReadableSeries,
  SeriesGrouping,
  SeriesPiece,
  SeriesSource,
  SourceSeries,
} from './series-source.ts'
export type { ValueType } from './value-type.ts'
