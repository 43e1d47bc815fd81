import type { Bottleneck } from '../model/bottleneck.ts'
import type { Labels } from '../model/labels.ts'
import { FINDING_PANELS, type PanelAddress } from './panel-table.ts'
import { serviceOf } from './relations.ts'

/** What of a bottleneck tells where it shows itself, and when. */
export type Linked = Pick<Bottleneck, 'type' | 'resource' | 'since' | 'resolvedAt'>

/** The address of the Grafana panel that shows a bottleneck; undefined where no panel does. */
export type PanelLink = (bottleneck: Linked) => string | undefined

/** What was before a bottleneck, and what came after it, is what a reader compares it with. */
const MARGIN_MS = 15 * 60_000

/** Links into the Grafana at this address; into none when it is null. */
export function createPanelLink(grafanaUrl: string | null): PanelLink {
  if (grafanaUrl === null) return () => undefined
  const base = withoutSlash(grafanaUrl)
  return ({ type, resource, since, resolvedAt }) => {
    const panel = panelOf(type, resource)
    if (panel === undefined) return undefined
    const parameters = new URLSearchParams({
      viewPanel: String(panel.panel),
      from: String(Date.parse(since) - MARGIN_MS),
      to: resolvedAt === undefined ? 'now' : String(Date.parse(resolvedAt) + MARGIN_MS),
    })
    const chosen = chosenBy(resource)
    for (const name of panel.variables) {
      if (chosen[name] !== '') parameters.set(`var-${name}`, chosen[name])
    }
    return `${base}/d/${panel.dashboard}?${parameters}`
  }
}

/**
 * The address of the panel of a threshold's alert, as a template of its annotation: what the alert's labels
 * say narrows the dashboard. Undefined where no panel shows it.
 */
export function alertPanelTemplate(grafanaUrl: string, alert: string): string | undefined {
  const panel = FINDING_PANELS.get(alert)
  if (panel === undefined) return undefined
  const chosen = panel.variables.map((name) => {
    const label = name === 'host' ? 'host_name' : name
    return `{{ with $labels.${label} }}&var-${name}={{ . | urlquery }}{{ end }}`
  })
  return `${withoutSlash(grafanaUrl)}/d/${panel.dashboard}?viewPanel=${panel.panel}${chosen.join('')}`
}

/** Calls to a database and other calls have panels of their own. */
function panelOf(type: string, resource: Labels): PanelAddress | undefined {
  const ofDatabase =
    resource['db.system.name'] !== undefined && FINDING_PANELS.get(`${type}/database`)
  return ofDatabase || FINDING_PANELS.get(type)
}

/** The host only where no service is meant: a service's own series do not all carry it. */
function chosenBy(resource: Labels): Record<PanelAddress['variables'][number], string> {
  const job = serviceOf(resource)
  return {
    job,
    instance: resource['service.instance.id'] ?? '',
    host: job === '' ? (resource['host.name'] ?? '') : '',
  }
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
