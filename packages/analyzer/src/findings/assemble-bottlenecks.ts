import type { Alert } from '../model/alert.ts'
import type { Bottleneck, Impact } from '../model/bottleneck.ts'
import { isAlertOf } from './alert-topics.ts'
import { explain } from './explain.ts'
import type { FindingEntry } from './finding-entry.ts'
import { recommendationIdOf } from './fingerprint.ts'
import type { PanelLink } from './panel-link.ts'

/** The bottlenecks as people see them: linked, a cause worth its symptoms, highest impact first. */
export function assembleBottlenecks(
  entries: readonly FindingEntry[],
  alerts: readonly Alert[],
  panelLink: PanelLink = () => undefined,
): readonly Bottleneck[] {
  const active = entries.filter(({ status }) => status === 'active')
  const explanations = explain(active)
  const plain = entries.map((entry): Bottleneck => {
    const causes = explanations.get(entry.id) ?? []
    const times = {
      since: new Date(entry.sinceMs).toISOString(),
      lastSeen: new Date(entry.lastSeenMs).toISOString(),
      ...(entry.resolvedMs === undefined
        ? {}
        : { resolvedAt: new Date(entry.resolvedMs).toISOString() }),
    }
    const dashboardUrl = panelLink({ ...entry.candidate, ...times })
    return {
      ...entry.candidate,
      id: entry.id,
      status: entry.status,
      ...times,
      ...(dashboardUrl === undefined ? {} : { dashboardUrl }),
      cause: causes.length === 0,
      causes,
      symptoms: active
        .filter(({ id }) => explanations.get(id)?.includes(entry.id))
        .map(({ id }) => id),
      // Only a cause is worth a change; its symptoms go with it.
      recommendations: causes.length === 0 ? [recommendationIdOf(entry.id)] : [],
    }
  })
  const byId = new Map(plain.map((bottleneck) => [bottleneck.id, bottleneck]))
  const worth = plain.map((bottleneck) => withImpactOfSymptoms(bottleneck, byId)).sort(byImpact)
  return withAlerts(worth, alerts)
}

/** Highest impact first; of equal ones, causes before symptoms. */
function byImpact(a: Bottleneck, b: Bottleneck): number {
  return (
    b.impact.score - a.impact.score ||
    Number(b.cause) - Number(a.cause) ||
    b.confidence - a.confidence ||
    (a.id < b.id ? -1 : 1)
  )
}

/** What the symptoms cost is what their cause costs: it is worth at least the worst of them. */
function withImpactOfSymptoms(
  bottleneck: Bottleneck,
  byId: ReadonlyMap<string, Bottleneck>,
): Bottleneck {
  const worst = symptomsBelow(bottleneck, byId).reduce<Bottleneck>(
    (most, symptom) => (symptom.impact.score > most.impact.score ? symptom : most),
    bottleneck,
  )
  if (worst === bottleneck) return bottleneck
  const impact: Impact = {
    ...bottleneck.impact,
    score: worst.impact.score,
    formula: `${bottleneck.impact.formula}, raised to that of its symptom ${worst.type} of ${worst.component}: ${worst.impact.formula}`,
  }
  return { ...bottleneck, impact }
}

function symptomsBelow(
  bottleneck: Bottleneck,
  byId: ReadonlyMap<string, Bottleneck>,
): readonly Bottleneck[] {
  const found = new Map<string, Bottleneck>()
  const open = [...bottleneck.symptoms]
  while (open.length > 0) {
    const symptom = byId.get(open.pop()!)
    if (symptom === undefined || found.has(symptom.id)) continue
    found.set(symptom.id, symptom)
    open.push(...symptom.symptoms)
  }
  return [...found.values()]
}

/** An alert is a symptom of the first cause that raises alerts like it: one incident for one cause. */
function withAlerts(
  bottlenecks: readonly Bottleneck[],
  alerts: readonly Alert[],
): readonly Bottleneck[] {
  const owners = new Map<string, string[]>()
  for (const alert of alerts) {
    const owner = bottlenecks.find(
      (bottleneck) =>
        bottleneck.status === 'active' && bottleneck.cause && isAlertOf(alert, bottleneck),
    )
    if (owner !== undefined) owners.set(owner.id, [...(owners.get(owner.id) ?? []), alert.id])
  }
  return bottlenecks.map((bottleneck) => {
    const symptoms = owners.get(bottleneck.id)
    return symptoms === undefined
      ? bottleneck
      : { ...bottleneck, symptoms: [...bottleneck.symptoms, ...symptoms] }
  })
}
