import { describeEvent } from '../describe-event.ts'
import { type Format, linksOf } from './format.ts'

/** PagerDuty Events v2; the finding's id is the `dedup_key`, so that its end closes its incident. */
export const PAGERDUTY: Format = {
  contentType: 'application/json',
  write: (event, { routingKey, externalUrl }, data) => {
    const { subject, title, severity, phase, component, dashboardUrl } = describeEvent(event)
    const links = linksOf(externalUrl, dashboardUrl)
    return JSON.stringify({
      routing_key: routingKey,
      event_action: phase === 'resolved' ? 'resolve' : 'trigger',
      // Kinds of findings have ids of their own; the prefix keeps them apart for certain.
      dedup_key: `${event.type.split('.')[0]}:${subject}`.slice(0, 255),
      payload: {
        summary: title.slice(0, 1024),
        source: component,
        severity,
        timestamp: event.timestamp,
        component,
        class: event.type,
        custom_details: data,
      },
      client: 'Chokepoint',
      ...(externalUrl === '' ? {} : { client_url: externalUrl }),
      ...(links.length === 0 ? {} : { links: links.map(({ url, text }) => ({ href: url, text })) }),
    })
  },
}
