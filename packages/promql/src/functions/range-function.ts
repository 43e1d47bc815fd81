import type { Span } from '../errors.ts'
import type { Annotations } from '../evaluate/annotations.ts'
import type { Window } from '../evaluate/window.ts'
import type { NativeHistogram } from '../histogram/native-histogram.ts'

/** What a function over a range makes of one window. */
export class RangeResult {
  /** 0 none, 1 the number returned, 2 `histogram`: the kinds of a block's cells. */
  kind = 1
  histogram: NativeHistogram | undefined

  /** There is no result for this window. */
  none(): number {
    this.kind = 0
    return 0
  }

  /** The result is a histogram. */
  give(histogram: NativeHistogram): number {
    this.kind = 2
    this.histogram = histogram
    return 0
  }
}

/** What a function over a range may know besides its samples. */
export interface RangeCall {
  readonly annotations: Annotations
  /** The range in milliseconds. */
  readonly rangeMs: number
  readonly extended: 'anchored' | 'smoothed' | undefined
  /** The place of the first argument; annotations point there. */
  readonly span: Span
  /** The scalar arguments at this step, in order, the range left out. */
  readonly scalars: Float64Array
  readonly result: RangeResult
}

/** A function over one window of samples; the window is never empty. */
export type RangeFunction = (window: Window, call: RangeCall) => number
