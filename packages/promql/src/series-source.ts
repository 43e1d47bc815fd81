import type { Steps } from './evaluate/steps.ts'
import type { LabelSet } from './label-set.ts'
import type { SampleBuffer } from './sample-buffer.ts'

/** One condition on a label. `=~` and `!~` hold a regular expression that must match the whole value. */
export interface Matcher {
  readonly name: string
  readonly type: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

/** The samples of a series. */
export interface ReadableSeries {
  /**
   * Appends the samples in [fromMs, toMs] (both inclusive, milliseconds since 1970) to the buffer,
   * ascending, each time once. The buffer arrives empty.
   */
  read(fromMs: number, toMs: number, into: SampleBuffer): void
  /**
   * Appends only the newest sample in [fromMs, toMs], if there is one. Optional: it spares an
   * instant query the reading of a whole look-back window.
   */
  readLast?(fromMs: number, toMs: number, into: SampleBuffer): void
}

/** A series as a source hands it out. */
export interface SourceSeries extends ReadableSeries {
  readonly labels: LabelSet
}

/** The labels that series are grouped by: those named (`keep`), or all but them and the metric's name. */
export interface SeriesGrouping {
  readonly names: readonly string[]
  readonly keep: boolean
}

/** Some series of a selection, and the group that each belongs to. */
export interface SeriesPiece {
  readonly series: readonly ReadableSeries[]
  readonly groups: readonly number[]
}

/** A selection that nobody holds as a whole: an aggregation takes its series piece by piece. */
export interface GroupedSelection {
  /** In the order of `select`, to be gone through once; `undefined` where others may be let in. */
  readonly pieces: Iterable<SeriesPiece | undefined>
  /** The labels of a group that a piece named: the same object each time. */
  labelsOf(group: number): LabelSet
}

/** Where the engine reads series: the only thing it asks of a store. */
export interface SeriesSource {
  /**
   * Series that match all matchers and may have samples in [fromMs, toMs]; each label set once. Of more than `seriesMax`
   * nothing is read: a source may stop when it has found one more.
   */
  select(
    matchers: readonly Matcher[],
    fromMs: number,
    toMs: number,
    seriesMax?: number,
  ): readonly SourceSeries[]
  /** The same in steps. Optional: with it, a query over very many series rests already while they are found. */
  selectInSteps?(
    matchers: readonly Matcher[],
    fromMs: number,
    toMs: number,
    seriesMax?: number,
  ): Steps<readonly SourceSeries[]>
  /**
   * What `select` gives, in pieces and grouped. Optional: with it, an aggregation of very many series needs neither their
   * label sets nor memory for them. Undefined when they are fewer than `least`, or come from several places.
   */
  selectGrouped?(
    matchers: readonly Matcher[],
    fromMs: number,
    toMs: number,
    by: SeriesGrouping,
    least: number,
  ): GroupedSelection | undefined
}
