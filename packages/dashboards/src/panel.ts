/** Units of Grafana that our panels use. */
export type PanelUnit = 's' | 'reqps' | 'percentunit' | 'bytes' | 'Bps' | 'short' | 'none' | 'ops'

/** One line or value of a panel: PromQL and what its legend says. */
export interface PanelQuery {
  readonly expr: string
  readonly legend: string
}

/** One panel as data; `dashboard.ts` makes Grafana's JSON of it. */
export interface PanelSpec {
  readonly title: string
  /** What the panel shows, and what a bad value means. */
  readonly description: string
  readonly kind: 'lines' | 'stat' | 'table'
  readonly unit: PanelUnit
  readonly queries: readonly PanelQuery[]
  /** Where it turns from fine to a warning, and from a warning to critical. */
  readonly warning?: number
  readonly critical?: number
  /** Why it may show nothing on a system that works; without it, an empty panel is a fault. */
  readonly emptyUnless?: string
  /** Prometheus and the analyzer each show their own: alerts, findings, themselves. */
  readonly ofEach?: boolean
  /** Lines only: drawn on top of each other. */
  readonly stacked?: boolean
  /** Of the 24 columns of a dashboard. */
  readonly width: 4 | 6 | 8 | 12 | 24
}

export interface RowSpec {
  readonly title: string
  readonly panels: readonly PanelSpec[]
}

export interface DashboardSpec {
  readonly uid: string
  readonly title: string
  readonly description: string
  /** What the reader may narrow the dashboard to. */
  readonly variables: readonly ('job' | 'instance')[]
  readonly rows: readonly RowSpec[]
}
