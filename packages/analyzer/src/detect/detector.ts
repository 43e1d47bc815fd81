import type { BottleneckCandidate, BottleneckType } from '../model/bottleneck.ts'
import type { QueryFunc, QueryRangeFunc } from '../model/query.ts'

/** All that a detector sees: PromQL answers, an instant, and how far back "now" reaches. */
export interface DetectContext {
  readonly query: QueryFunc
  readonly queryRange: QueryRangeFunc
  /** Unix milliseconds. */
  readonly nowMs: number
  readonly windowMs: number
}

/**
 * What may be wrong somewhere, to be looked at more closely; it may come to nothing. Its questions are its own, so that a thousand
 * of them take a thousand times as long as one, and no longer.
 */
export type Suspicion = (context: DetectContext) => readonly BottleneckCandidate[]

/** Looks at every service that reports and says what holds it back, or may do so; a healthy one gives nothing. */
export type Detector = (context: DetectContext) => readonly (BottleneckCandidate | Suspicion)[]

/** A figure that a claim rests on, and why it is this one. */
export interface Threshold {
  readonly value: number
  /** UCUM. */
  readonly unit: string
  readonly reason: string
}

/** One row of the catalogue: a bottleneck type and how it is found. */
export interface DetectorRow {
  readonly type: BottleneckType
  readonly title: string
  readonly thresholds: Readonly<Record<string, Threshold>>
  /** How long it must be seen without a gap before it is a finding. */
  readonly confirmMs: number
  /** How long it must be gone before the finding is resolved. */
  readonly resolveMs: number
  readonly detect: Detector
}
