import type { Steps } from './evaluate/steps.ts'
import type { LabelSet } from './label-set.ts'
import type { SampleBuffer } from './sample-buffer.ts'

/** One condition on a label. `=~` and `!~` hold a regular expression that must match the whole value. */
export interface Matcher {
  readonly name: string
  readonly type: '=' | '!=' | '=~' | '!~'
  readonly value: string
}

/** A series as a source hands it out. */
export interface SourceSeries {
  readonly labels: LabelSet
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
}
