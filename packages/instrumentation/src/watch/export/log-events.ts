import type { AnyValue, Attributes, SeverityNumber } from '@opentelemetry/api'
import type { InstrumentationScope } from '@opentelemetry/core'
import type { ISerializer } from '@opentelemetry/otlp-transformer'
import type { Resource } from '@opentelemetry/resources'
import type { ReadableLogRecord } from '@opentelemetry/sdk-logs'
import { hrTimeFromMs } from '../metrics/metric-batch.ts'
import type { SendQueue } from './send-queue.ts'

/** Something that happened, told as an OTLP log event. */
export interface LogEvent {
  readonly name: string
  /** Wall clock, in ms. */
  readonly timeMs: number
  readonly severity: SeverityNumber
  readonly severityText: string
  readonly body: AnyValue
  readonly attributes: Attributes
}

export type LogEventSink = (event: LogEvent) => void

export interface LogEventsOptions {
  readonly resource: Resource
  readonly scope: InstrumentationScope
  readonly serializer: ISerializer<ReadableLogRecord[], unknown>
  readonly queue: SendQueue
}

/** A sink that sends each event by itself: they are rare, and one may be the last word of a process. */
export function createLogEvents(options: LogEventsOptions): LogEventSink {
  const { resource, scope, serializer, queue } = options
  return (event) => {
    const time = hrTimeFromMs(event.timeMs)
    const record: ReadableLogRecord = {
      hrTime: time,
      hrTimeObserved: time,
      severityNumber: event.severity,
      severityText: event.severityText,
      body: event.body,
      eventName: event.name,
      resource,
      instrumentationScope: scope,
      attributes: event.attributes,
      droppedAttributesCount: 0,
    }
    const request = serializer.serializeRequest([record])
    if (request !== undefined) queue.push(request, 1)
  }
}
