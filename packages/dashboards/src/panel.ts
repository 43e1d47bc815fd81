/** Units of Grafana that our panels use. */
export type PanelUnit =
  | 's'
  | 'reqps'
  | 'percentunit'
  | 'bytes'
  | 'Bps'
  | 'pps'
  | 'short'
  | 'none'
  | 'ops'

/** One line or value of a panel: PromQL and what its legend says. */
export interface PanelQuery {
  readonly expr: string
  readonly legend: string
}

/** A column of a table: the label that it shows, or `Value`, and its heading. */
export type PanelColumn = readonly [field: string, heading: string]

/** One panel as data; `build-panel.ts` makes Grafana's JSON of it. */
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
  /** Why a panel that alerts or findings point at has no such bounds: what is bad depends on what is usual. */
  readonly noThreshold?: string
  /** Why it may show nothing on a system that works; without it, an empty panel is a fault. */
  readonly emptyUnless?: string
  /** Prometheus and the analyzer each show their own: the alerts of their rules. */
  readonly ofEach?: boolean
  /**
   * Each of both takes its own samples of it, at its own instants. `steady`: the same lines with values that
   * are near; `fickle`: the same lines.
   */
  readonly sampled?: 'steady' | 'fickle'
  /** Tables only: the columns from left to right; the last one is a finding's id, and links to it. */
  readonly columns?: readonly PanelColumn[]
  /** Lines only: drawn on top of each other. */
  readonly stacked?: boolean
  /** Of the 24 columns of a dashboard. */
  readonly width: 4 | 6 | 8 | 12 | 24
}

/** A label that a dashboard can be narrowed to. */
export type DashboardVariable = 'job' | 'instance' | 'host'

export interface RowSpec {
  readonly title: string
  readonly panels: readonly PanelSpec[]
}

export interface DashboardSpec {
  readonly uid: string
  readonly title: string
  readonly description: string
  /** What the reader may narrow the dashboard to. */
  readonly variables: readonly DashboardVariable[]
  /** True where some of what it shows has no job or instance, such as hosts that a Collector reports. */
  readonly unlabelled?: boolean
  /** The metric whose labels are the variables' values; `target_info`, which every service has, by default. */
  readonly variablesOf?: string
  readonly rows: readonly RowSpec[]
}
