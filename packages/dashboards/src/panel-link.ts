import type { DashboardSpec, DashboardVariable } from './panel.ts'
import { placePanels } from './place-panels.ts'

/** A panel of a dashboard of ours, by its title. */
export interface PanelRef {
  readonly dashboard: DashboardSpec
  readonly panel: string
}

/** A panel as Grafana's addresses name it. */
export interface PanelAddress {
  readonly uid: string
  readonly id: number
  /** What the dashboard can be narrowed to, and so the link too. */
  readonly variables: readonly DashboardVariable[]
}

/** Finds the panel. Throws when the dashboard has none of that title: a link to it would lead nowhere. */
export function panelAddress({ dashboard, panel }: PanelRef): PanelAddress {
  const found = placePanels(dashboard).find((one) => 'panel' in one && one.panel.title === panel)
  if (found === undefined) {
    throw new Error(`cannot link to ${dashboard.title}: it has no panel ${JSON.stringify(panel)}`)
  }
  return { uid: dashboard.uid, id: found.place.id, variables: dashboard.variables }
}

/** The label of an alert that a variable is filled from. */
const LABELS: Readonly<Record<DashboardVariable, string>> = {
  job: 'job',
  instance: 'instance',
  host: 'host_name',
}

/**
 * The panel's address as a template of an alert's annotation. Grafana's own address is the external label
 * `grafana_url`; where nobody set it, the path alone is left. A label that the alert lacks narrows nothing.
 */
export function panelUrlTemplate(ref: PanelRef): string {
  const { uid, id, variables } = panelAddress(ref)
  const chosen = variables.map(
    (name) => `{{ with $labels.${LABELS[name]} }}&var-${name}={{ . | urlquery }}{{ end }}`,
  )
  return `{{ $externalLabels.grafana_url }}/d/${uid}?viewPanel=${id}${chosen.join('')}`
}
