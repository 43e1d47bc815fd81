import type { PanelRef } from './panel-link.ts'

/** One alert of the pack. */
export interface AlertSpec {
  readonly alert: string
  /** PromQL that gives one element for each thing that is wrong. */
  readonly expr: string
  readonly for: string
  readonly keepFiringFor?: string
  readonly severity: 'info' | 'warning' | 'critical'
  /** One sentence with the value, as Prometheus templates. */
  readonly summary: string
  /** Why it matters and where to look. */
  readonly description: string
  /** Why its figure may be absent on a system that works; without it, an absent figure is a fault. */
  readonly emptyUnless?: string
  /** The panel that shows what the alert is about. */
  readonly panel: PanelRef
}

/** One file of the pack: alerts of one subject. */
export interface RulePack {
  readonly name: string
  readonly alerts: readonly AlertSpec[]
}
