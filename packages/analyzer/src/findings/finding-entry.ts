import type { BottleneckCandidate } from '../model/bottleneck.ts'

/** A confirmed bottleneck's life so far. Times are Unix milliseconds. */
export interface FindingEntry {
  readonly id: string
  readonly candidate: BottleneckCandidate
  readonly status: 'active' | 'resolved'
  /** When it was first seen, before it was confirmed. */
  readonly sinceMs: number
  readonly lastSeenMs: number
  readonly resolvedMs?: number
  /** True once people were told; a symptom is told of only with its cause. */
  readonly announced: boolean
}

/** What is seen, but not for long enough yet to be a finding. */
export interface PendingFinding {
  readonly id: string
  readonly candidate: BottleneckCandidate
  readonly sinceMs: number
}

/** What must outlive a restart, as plain JSON; what is pending starts again. */
export interface FindingState {
  readonly entries: readonly FindingEntry[]
  readonly dropped: number
}
