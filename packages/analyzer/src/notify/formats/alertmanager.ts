import type { ChokepointEvent } from '../../model/event.ts'
import type { Labels } from '../../model/labels.ts'
import { describeEvent } from '../describe-event.ts'
import type { Format } from './format.ts'

// The zero time of Go: how Alertmanager says that an alert has no end yet.
const NO_END = '0001-01-01T00:00:00Z'

/**
 * The body of an Alertmanager webhook, version 4, so that whatever reads those reads ours: each event is a
 * group of one alert. https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
 */
export const ALERTMANAGER: Format = {
  contentType: 'application/json',
  write: (event, { endpoint, externalUrl }, data) => {
    const { phase } = describeEvent(event)
    const alert = {
      status: phase === 'resolved' ? 'resolved' : 'firing',
      ...labelsOf(event, data),
      startsAt: 'activeSince' in event.data ? event.data.activeSince : event.timestamp,
      endsAt: phase === 'resolved' ? event.timestamp : NO_END,
      generatorURL: externalUrl,
      fingerprint: describeEvent(event).subject,
    }
    return JSON.stringify({
      version: '4',
      groupKey: `{}:{alertname="${alert.labels.alertname}", fingerprint="${alert.fingerprint}"}`,
      truncatedAlerts: 0,
      status: alert.status,
      receiver: endpoint,
      groupLabels: { alertname: alert.labels.alertname },
      commonLabels: alert.labels,
      commonAnnotations: alert.annotations,
      externalURL: externalUrl,
      alerts: [alert],
    })
  },
}

interface LabelsAndAnnotations {
  readonly labels: Labels
  readonly annotations: Labels
}

/** Labels and annotations of an alert; other events are alerts named by their type. */
function labelsOf(event: ChokepointEvent, data: object): LabelsAndAnnotations {
  if (event.type === 'alert.firing' || event.type === 'alert.resolved') {
    const { labels, annotations } = data as LabelsAndAnnotations
    return { labels: { ...labels, alertname: event.data.name }, annotations }
  }
  const { title, text, severity, component, facts, dashboardUrl } = describeEvent(event)
  return {
    labels: { ...facts, alertname: event.type, severity, component },
    annotations: {
      summary: title,
      description: text.slice(0, 4000),
      ...(dashboardUrl === '' ? {} : { dashboard_url: dashboardUrl }),
    },
  }
}
