import type { Labels } from '../model/labels.ts'
import type { QuerySample } from '../model/query.ts'
import type { Severity } from '../model/severity.ts'
import { labelKey } from './label-key.ts'

/** What tells the alerts of one figure apart by severity; their other labels are the same. */
const OWN_LABELS = ['__name__', 'alertname', 'alertstate', 'severity', 'threshold']

/** The severer alerts of one name that fire, by the labels that the milder ones have too. */
export class SevererAlerts {
  /** Asks for them. */
  readonly expression: string
  #firing: ReadonlySet<string> = new Set()

  constructor(alertname: string, severities: readonly Severity[]) {
    this.expression = `ALERTS{alertname="${alertname}", alertstate="firing", severity=~"${severities.join('|')}"}`
  }

  /** Takes what the expression answered. */
  learn(answer: readonly QuerySample[]): void {
    this.#firing = new Set(answer.map(({ labels }) => figureKey(labels)))
  }

  /** Whether one of them has the labels of this alert. */
  outrank(labels: Labels): boolean {
    return this.#firing.size > 0 && this.#firing.has(figureKey(labels))
  }
}

function figureKey(labels: Labels): string {
  const own = Object.entries(labels).filter(([name]) => !OWN_LABELS.includes(name))
  return labelKey(Object.fromEntries(own))
}
