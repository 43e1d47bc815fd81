import type { Alert } from '../../src/model/alert.ts'
import type { ChokepointEvent } from '../../src/model/event.ts'
import type { Severity } from '../../src/model/severity.ts'

const AT = '2026-01-01T00:00:00.000Z'

/** An alert that fires, as the rules tell it. */
export function firingAlert(changes: Partial<Alert> = {}): Alert {
  return {
    id: 'a1b2c3d4e5f60718',
    name: 'High',
    severity: 'warning',
    state: 'firing',
    labels: { alertname: 'High', instance: 'web-1', severity: 'warning' },
    annotations: { summary: 'web-1 is <busy>', description: 'It has **much** to do' },
    query: 'load > 0.8',
    value: 0.9,
    activeSince: AT,
    firedAt: AT,
    ...changes,
  }
}

export function alertFiring(
  severity: Severity = 'warning',
  changes: Partial<Alert> = {},
): ChokepointEvent {
  return {
    type: 'alert.firing',
    timestamp: AT,
    tenant: '',
    data: firingAlert({ severity, ...changes }),
  }
}

export function alertResolved(): ChokepointEvent {
  const data = firingAlert({ state: 'resolved', resolvedAt: AT })
  return { type: 'alert.resolved', timestamp: AT, tenant: '', data }
}

export function recommendationOpened(severity: Severity = 'warning'): ChokepointEvent {
  return {
    type: 'recommendation.opened',
    timestamp: AT,
    tenant: 'acme',
    data: {
      id: 'r1',
      bottleneck: 'b1',
      type: 'db.n_plus_one',
      severity,
      status: 'open',
      resource: { 'service.name': 'shop' },
      component: 'GET /products',
      operation: 'SELECT reviews',
      title: 'Load the reviews of all products at once',
      text: '## What to change\nUse **one** query where 40 are sent, for <all> products.',
      impact: { score: 71, share: 0.6, savingMs: 212, formula: '…' },
      confidence: 0.9,
      evidence: [],
      openedAt: AT,
      updatedAt: AT,
      reopened: 0,
    },
  }
}
