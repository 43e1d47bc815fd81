import type { SeriesAttributes, SeriesWriter } from '../shared/series-writer.ts'
import type { CallShape, ShapeTable } from './call-shape.ts'
import { KeyedHistogram } from './keyed-histogram.ts'
import { SPAN_KIND, type SpanCall, type SpanView, textOf } from './span-view.ts'

/** Names that a broker makes up; each would be a series of its own. */
const TEMPORARY = /^amq\.(gen|ctag|rabbitmq\.reply-to)/

/** A place that messages go to or come from. */
interface Destination {
  readonly system: string
  /** Undefined when the instrumentation does not tell. */
  readonly name: string | undefined
}

/** Messages sent, fetched and processed, as the spans of instrumentations show them. */
export class MessagingMetrics {
  readonly #shapes: ShapeTable
  readonly #operations: KeyedHistogram
  readonly #processed: KeyedHistogram

  constructor(writer: SeriesWriter, shapes: ShapeTable) {
    this.#shapes = shapes
    this.#operations = new KeyedHistogram(writer, 'messaging.client.operation.duration')
    this.#processed = new KeyedHistogram(writer, 'messaging.process.duration')
  }

  /** The sending or fetching of messages that a span stands for. */
  callOf(span: SpanView): SpanCall | undefined {
    const destination = destinationOf(span)
    if (destination === undefined || !isCall(span)) return undefined
    const operation = operationOf(span)
    return {
      shape: this.#shape(destination, operation),
      record: (_ended, durationMs, errorType) =>
        this.#recordCall(destination, operation, durationMs, errorType),
    }
  }

  /** Records the processing of a message. */
  recordProcessed(span: SpanView, durationMs: number, errorType: string | undefined): void {
    const destination = destinationOf(span)
    if (destination === undefined || isCall(span)) return
    const { system, name } = destination
    this.#processed.record(`${system} ${name} ${errorType}`, durationMs, () => ({
      ...attributesOf(destination),
      ...(errorType === undefined ? {} : { 'error.type': errorType }),
    }))
  }

  #recordCall(
    destination: Destination,
    operation: string,
    durationMs: number,
    errorType: string | undefined,
  ): void {
    const { system, name } = destination
    this.#operations.record(`${system} ${name} ${operation} ${errorType}`, durationMs, () => ({
      ...attributesOf(destination),
      'messaging.operation.name': operation,
      ...(errorType === undefined ? {} : { 'error.type': errorType }),
    }))
  }

  #shape(destination: Destination, operation: string): CallShape {
    const { system, name } = destination
    const target = name === undefined ? system : `${system} ${name}`
    return this.#shapes.intern('messaging', target, operation, (target, shape) => ({
      kind: 'messaging',
      target,
      shape,
      counted: true,
      spanName: `${shape} ${target}`,
      spanKind: SPAN_KIND.producer,
      scope: 'chokepoint',
      attributes: attributesOf(destination),
    }))
  }
}

/**
 * Whether somebody waits for the broker while the span lasts. A fetch of kafkajs (a client's span of type `receive`)
 * lasts until the app has worked off what was fetched; one of SQS, which is a remote call too, only waits.
 */
function isCall({ kind, attributes }: SpanView): boolean {
  if (kind === SPAN_KIND.producer) return true
  if (attributes['rpc.system'] !== undefined) return true
  return kind === SPAN_KIND.client && attributes['messaging.operation.type'] !== 'receive'
}

function operationOf({ kind, attributes }: SpanView): string {
  const told = textOf(
    attributes,
    'messaging.operation.name',
    'messaging.operation.type',
    'messaging.operation',
  )
  return told ?? (kind === SPAN_KIND.producer ? 'send' : 'receive')
}

function destinationOf({ kind, name: spanName, attributes }: SpanView): Destination | undefined {
  const system = textOf(attributes, 'messaging.system.name', 'messaging.system')
  if (system === undefined) return undefined
  const told = textOf(attributes, 'messaging.destination.name', 'messaging.destination')
  const name = system === 'rabbitmq' ? rabbitName(told, kind, spanName, attributes) : told
  return { system, name: name !== undefined && TEMPORARY.test(name) ? '(temporary)' : name }
}

/** Who reads names the queue; who writes the exchange, or the queue when it goes there without one. */
function rabbitName(
  exchange: string | undefined,
  kind: number,
  spanName: string,
  attributes: SpanView['attributes'],
): string | undefined {
  if (kind === SPAN_KIND.consumer && spanName.endsWith(' process')) {
    return spanName.slice(0, -' process'.length)
  }
  return exchange ?? textOf(attributes, 'messaging.rabbitmq.routing_key')
}

function attributesOf({ system, name }: Destination): SeriesAttributes {
  return {
    'messaging.system': system,
    ...(name === undefined ? {} : { 'messaging.destination.name': name }),
  }
}
