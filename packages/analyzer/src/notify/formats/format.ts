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

/** A body of a webhook: its type and how an event is written. */
export interface Format {
  readonly contentType: string
  /** The body's text; `data` stands for the event's own where that one is too long. */
  readonly write: (event: ChokepointEvent, context: FormatContext, data: object) => string
}
