import type { Labels } from './labels.ts'
import type { Severity } from './severity.ts'

/** `pending`: the condition holds, but not yet for as long as the rule asks. */
export type AlertState = 'pending' | 'firing' | 'resolved'

/** A rule that holds for one label set. Times are ISO 8601. */
export interface Alert {
  /** Stable: the same rule and labels give the same id after a restart. */
  readonly id: string
  readonly name: string
  readonly severity: Severity
  readonly state: AlertState
  readonly labels: Labels
  readonly annotations: Labels
  /** The rule's PromQL, so that a person can check the alert again. */
  readonly query: string
  readonly value: number
  readonly activeSince: string
  readonly firedAt?: string
  readonly resolvedAt?: string
  /** True while it fires and resolves so often that its level, not the service, wants attention. */
  readonly flapping?: boolean
}

/** A step of an alert from one state to another, as the history keeps it. */
export interface AlertTransition {
  readonly alert: Alert
  readonly from: AlertState | 'inactive'
  readonly to: AlertState | 'inactive'
  readonly at: string
}
