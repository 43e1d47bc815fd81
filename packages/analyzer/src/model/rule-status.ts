import type { Alert } from './alert.ts'
import type { Labels } from './labels.ts'

/** What every rule has, whatever it does. */
export interface RuleStatusCommon {
  readonly name: string
  readonly query: string
  readonly labels: Labels
  readonly health: 'unknown' | 'ok' | 'err'
  readonly lastError?: string
  /** Unix milliseconds; 0 before the first evaluation. */
  readonly lastEvaluationMs: number
  readonly evaluationSeconds: number
}

/** A rule as `/api/v1/rules` tells it. */
export type RuleStatus =
  | (RuleStatusCommon & { readonly type: 'recording' })
  | (RuleStatusCommon & {
      readonly type: 'alerting'
      readonly state: 'inactive' | 'pending' | 'firing'
      readonly forSeconds: number
      readonly keepFiringForSeconds: number
      readonly annotations: Labels
      readonly alerts: readonly Alert[]
    })

/** A group of rules as `/api/v1/rules` tells it. */
export interface RuleGroupStatus {
  readonly name: string
  readonly file: string
  readonly intervalSeconds: number
  readonly limit: number
  /** Unix milliseconds; 0 before the first evaluation. */
  readonly lastEvaluationMs: number
  readonly evaluationSeconds: number
  readonly rules: readonly RuleStatus[]
}
