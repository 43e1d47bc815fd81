import { describeEvent } from '../describe-event.ts'
import type { Format } from './format.ts'

/** CloudEvents 1.0 in structured JSON mode; the event's id is the webhook's. */
export const CLOUDEVENTS: Format = {
  contentType: 'application/cloudevents+json; charset=utf-8',
  write: (event, { id, externalUrl }, data) =>
    JSON.stringify({
      specversion: '1.0',
      id,
      source: externalUrl === '' ? '/chokepoint' : externalUrl,
      type: `chokepoint.${event.type}`,
      subject: describeEvent(event).subject,
      time: event.timestamp,
      datacontenttype: 'application/json',
      data,
    }),
}
