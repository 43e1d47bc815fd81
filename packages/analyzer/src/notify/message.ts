import { createHash } from 'node:crypto'
import { maskWebhookUrl } from '../config/mask-config.ts'
import type { WebhookConfig } from '../config/schema.ts'
import type { ChokepointEvent } from '../model/event.ts'
import { FORMATS } from './formats.ts'
import { signMessage } from './signature.ts'
import type { StoredDelivery } from './stored-delivery.ts'
import { writeWithin } from './trim-body.ts'

/** What a message is made with besides the event. */
export interface MessageContext {
  readonly nowMs: number
  /** Anything that differs from message to message; the id is made of it. */
  readonly seed: string
  readonly externalUrl: string
  readonly bodyBytesMax: number
}

/** An event as a message to one endpoint, not yet sent. */
export function makeMessage(
  event: ChokepointEvent,
  name: string,
  endpoint: WebhookConfig,
  { nowMs, seed, externalUrl, bodyBytesMax }: MessageContext,
): StoredDelivery {
  const hash = createHash('sha256').update(
    JSON.stringify([event.type, event.timestamp, name, seed]),
  )
  const id = `msg_${hash.digest('base64url').slice(0, 27)}`
  const context = { id, externalUrl, endpoint: name, routingKey: endpoint.routingKey ?? '' }
  const format = FORMATS[endpoint.format]
  const body = writeWithin(event.data, bodyBytesMax, externalUrl, (data) =>
    format.write(event, context, data),
  )
  return {
    id,
    endpoint: name,
    url: maskWebhookUrl(endpoint.url, endpoint.format),
    type: event.type,
    status: 'pending',
    createdAt: new Date(nowMs).toISOString(),
    bytes: Buffer.byteLength(body),
    attempts: [],
    attemptCount: 0,
    failures: 0,
    tenant: event.tenant,
    body,
  }
}

/** The headers of one attempt; its signature covers id, time of the attempt and body. */
export function headersOf(
  { id, body, tenant }: StoredDelivery,
  { format, secrets, headers }: WebhookConfig,
  timestampSeconds: number,
): Readonly<Record<string, string>> {
  return {
    'content-type': FORMATS[format].contentType,
    'user-agent': 'chokepoint',
    ...(tenant === '' ? {} : { 'x-scope-orgid': tenant }),
    ...headers,
    // Set last: who configures a header cannot break the signature by it.
    'webhook-id': id,
    'webhook-timestamp': String(timestampSeconds),
    ...(secrets.length === 0
      ? {}
      : { 'webhook-signature': signMessage(secrets, id, timestampSeconds, body) }),
  }
}
