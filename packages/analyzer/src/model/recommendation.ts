import type { BottleneckType, Evidence, Impact } from './bottleneck.ts'
import type { Labels } from './labels.ts'
import type { Severity } from './severity.ts'

export type RecommendationStatus = 'open' | 'acknowledged' | 'ignored' | 'resolved'

/** The recommendation's own metric before the change and after it. */
export interface Effect {
  readonly query: string
  readonly unit: string
  readonly before: number
  readonly after: number
}

/** What to change, ranked by impact. Times are ISO 8601. */
export interface Recommendation {
  readonly id: string
  readonly bottleneck: string
  readonly type: BottleneckType
  readonly severity: Severity
  readonly status: RecommendationStatus
  readonly resource: Labels
  readonly component: string
  readonly operation: string
  readonly title: string
  /** Markdown: what to change and how, with this finding's names and numbers. */
  readonly text: string
  readonly impact: Impact
  readonly confidence: number
  readonly evidence: readonly Evidence[]
  readonly openedAt: string
  readonly updatedAt: string
  readonly resolvedAt?: string
  readonly reopened: number
  readonly effect?: Effect
  /** The Grafana panel that shows what is to change, where the configuration names a Grafana. */
  readonly dashboardUrl?: string
}
