import type { ChokepointEvent } from '../../model/event.ts'

/** What a format may put into a body besides the event. */
export interface FormatContext {
  /** The delivery's `webhook-id`. */
  readonly id: string
  /** The address of the live page as people reach it; empty when it is not known. */
  readonly externalUrl: string
  readonly endpoint: string
  readonly routingKey: string
}

/** Where a reader of a message can go on: the live page and the panel, as far as they are known. */
export function linksOf(
  externalUrl: string,
  dashboardUrl: string,
): readonly { readonly url: string; readonly text: string }[] {
  return [
    { url: externalUrl, text: 'Open Chokepoint' },
    { url: dashboardUrl, text: 'See it in Grafana' },
  ].filter(({ url }) => url !== '')
}

/** A body of a webhook: its type and how an event is written. */
export interface Format {
  readonly contentType: string
  /** The body's text; `data` stands for the event's own where that one is too long. */
  readonly write: (event: ChokepointEvent, context: FormatContext, data: object) => string
}
