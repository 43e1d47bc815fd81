import type { Attributes } from '@opentelemetry/api'
import type { CallShape } from './call-shape.ts'

/** What can be read from a span of an instrumentation, at its start as far as it is known, at its end in full. */
export interface SpanView {
  readonly name: string
  /** `SpanKind` of the OpenTelemetry API. */
  readonly kind: number
  readonly scope: string
  readonly attributes: Attributes
}

/** A call that an instrumentation shows only as a span, with what has to be recorded when it ends. */
export interface SpanCall {
  readonly shape: CallShape
  /** @param span as it ended */
  record(span: SpanView, durationMs: number, errorType: string | undefined): void
}

/** The kinds of `SpanKind`, whose enum is not loaded for this. */
export const SPAN_KIND = { server: 1, client: 2, producer: 3, consumer: 4 } as const

/** The first of these attributes that holds text; conventions have renamed many, and libraries follow slowly. */
export function textOf(attributes: Attributes, ...keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = attributes[key]
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}

/** Who was called, by the names of the conventions, old and new. */
export function serverOf(attributes: Attributes): {
  host: string | undefined
  port: number | undefined
} {
  const port = attributes['server.port'] ?? attributes['net.peer.port']
  const host = textOf(attributes, 'server.address', 'net.peer.name')
  return { host, port: port === undefined || Number.isNaN(Number(port)) ? undefined : Number(port) }
}
