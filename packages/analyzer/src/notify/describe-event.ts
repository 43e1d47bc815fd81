import type { Alert } from '../model/alert.ts'
import type { ChokepointEvent } from '../model/event.ts'
import type { Labels } from '../model/labels.ts'
import type { Severity } from '../model/severity.ts'

/** An event in the words that every chat, pager and mail needs. */
export interface EventDescription {
  /** What it is about: the id of the alert, bottleneck or recommendation. */
  readonly subject: string
  readonly title: string
  /** One or a few sentences; may be Markdown. */
  readonly text: string
  readonly severity: Severity
  /** Whether it began, changed or is over. */
  readonly phase: 'opened' | 'updated' | 'resolved'
  readonly component: string
  /** Short facts to show as a list. */
  readonly facts: Labels
  /** The Grafana panel that shows it; empty where none is known. */
  readonly dashboardUrl: string
}

/** Says what an event is, in one form for all its types. */
export function describeEvent(event: ChokepointEvent): EventDescription {
  switch (event.type) {
    case 'alert.firing':
    case 'alert.resolved':
      return describeAlert(event.data, event.type === 'alert.resolved' ? 'resolved' : 'opened')
    case 'bottleneck.detected':
    case 'bottleneck.resolved': {
      const { id, type, summary, severity, component, resource, impact, confidence } = event.data
      return {
        dashboardUrl: event.data.dashboardUrl ?? '',
        subject: id,
        title: `${type} in ${component}`,
        text: summary,
        severity,
        phase: event.type === 'bottleneck.resolved' ? 'resolved' : 'opened',
        component,
        facts: {
          ...serviceOf(resource),
          impact: `${impact.score} of 100`,
          confidence: percent(confidence),
        },
      }
    }
    case 'recommendation.opened':
    case 'recommendation.updated':
    case 'recommendation.resolved':
    case 'recommendation.reopened': {
      const { id, title, text, severity, component, resource, impact, confidence } = event.data
      return {
        dashboardUrl: event.data.dashboardUrl ?? '',
        subject: id,
        title,
        text,
        severity,
        phase: RECOMMENDATION_PHASES[event.type],
        component,
        facts: {
          ...serviceOf(resource),
          component,
          impact: `${impact.score} of 100`,
          confidence: percent(confidence),
        },
      }
    }
    case 'report.ready':
      return plain('report', `A ${event.data.format} report is ready`, event.data.file)
    case 'webhook.test':
      return plain('test', 'Chokepoint can reach this webhook', event.data.message)
  }
}

const RECOMMENDATION_PHASES = {
  'recommendation.opened': 'opened',
  'recommendation.updated': 'updated',
  'recommendation.resolved': 'resolved',
  'recommendation.reopened': 'opened',
} as const

function describeAlert(alert: Alert, phase: 'opened' | 'resolved'): EventDescription {
  const { annotations, labels } = alert
  return {
    subject: alert.id,
    title: annotations.summary ?? annotations.title ?? alert.name,
    text: annotations.description ?? `${alert.query} gave ${alert.value}`,
    severity: alert.severity,
    phase,
    component: labels.http_route ?? labels.instance ?? labels.job ?? alert.name,
    facts: labels,
    dashboardUrl: absolute(annotations.dashboard_url),
  }
}

function plain(subject: string, title: string, text: string): EventDescription {
  return {
    subject,
    title,
    text,
    severity: 'info',
    phase: 'opened',
    component: 'chokepoint',
    facts: {},
    dashboardUrl: '',
  }
}

/** A rule's link is only a path where nobody named the Grafana that it is in. */
function absolute(url: string | undefined): string {
  return url !== undefined && /^https?:\/\//.test(url) ? url : ''
}

function serviceOf(resource: Labels): Labels {
  const service = resource['service.name']
  return service === undefined ? {} : { service }
}

function percent(part: number): string {
  return `${Math.round(part * 100)}%`
}
