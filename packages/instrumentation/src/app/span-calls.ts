import type { SeriesWriter } from '../shared/series-writer.ts'
import type { ShapeTable } from './call-shape.ts'
import type { DbMetrics } from './db-metrics.ts'
import { MessagingMetrics } from './messaging-metrics.ts'
import { procedureOf, RpcMetrics } from './rpc-metrics.ts'
import { SPAN_KIND, type SpanCall, type SpanView, serverOf, textOf } from './span-view.ts'

/** Stores whose time is told as `cache`. */
const CACHES = new Set(['redis', 'memcached', 'valkey'])

/**
 * Instrumentations of layers above a driver, and the systems whose driver is observed itself: their spans are kept,
 * but counted they would count each call twice.
 */
const LAYERS: ReadonlyMap<string, ReadonlySet<string>> = new Map([
  ['@opentelemetry/instrumentation-knex', new Set(['postgresql', 'mysql2'])],
  ['@opentelemetry/instrumentation-mongoose', new Set(['mongodb'])],
])

/**
 * Reads calls out of the spans of OpenTelemetry's instrumentations, by the names of the conventions, old and new: so
 * a request's time and its child calls are known for every library that has one.
 */
export class SpanCalls {
  readonly #db: DbMetrics
  readonly #rpc: RpcMetrics
  readonly #messaging: MessagingMetrics

  constructor(writer: SeriesWriter, db: DbMetrics, shapes: ShapeTable) {
    this.#db = db
    this.#rpc = new RpcMetrics(writer, shapes)
    this.#messaging = new MessagingMetrics(writer, shapes)
  }

  /** The call that a span stands for; undefined when it is none that we can name (yet). */
  callOf(span: SpanView): SpanCall | undefined {
    const { kind, attributes } = span
    if (kind === SPAN_KIND.server) return undefined
    const system = textOf(attributes, 'db.system.name', 'db.system')
    if (system !== undefined) return this.#database(system, span)
    return this.#messaging.callOf(span) ?? this.#rpc.callOf(span)
  }

  /** Records a span that serves somebody: a message that was processed, a procedure that was called. */
  recordServed(span: SpanView, durationMs: number, errorType: string | undefined): void {
    if (span.kind === SPAN_KIND.consumer) {
      this.#messaging.recordProcessed(span, durationMs, errorType)
    } else if (span.kind === SPAN_KIND.server) {
      this.#rpc.recordServed(span, durationMs, errorType)
    }
  }

  /** The route of a call that this process serves: gRPC's is the path of its request. */
  routeOf(span: SpanView): string | undefined {
    if (span.kind !== SPAN_KIND.server) return undefined
    const procedure = procedureOf(span)
    return procedure === undefined ? undefined : `/${procedure.method}`
  }

  #database(system: string, span: SpanView): SpanCall | undefined {
    const { attributes, name, scope, kind } = span
    if (kind !== SPAN_KIND.client || LAYERS.get(scope)?.has(system)) return undefined
    const { host, port } = serverOf(attributes)
    const namespace = textOf(attributes, 'db.namespace', 'db.name')
    const isCache = CACHES.has(system)
    const database = this.#db.database({ system, namespace, host, port }, isCache ? 'cache' : 'db')
    const statement = textOf(attributes, 'db.query.text', 'db.statement')
    const collection = textOf(
      attributes,
      'db.collection.name',
      'db.mongodb.collection',
      'db.sql.table',
    )
    const operation = textOf(attributes, 'db.operation.name', 'db.operation')
    const isSql = !isCache && collection === undefined && statement !== undefined
    const called = isSql
      ? database.statement(statement)
      : database.command(commandOf(operation ?? name, isCache), collection)
    return { shape: called.shape, record: (_span, ms, errorType) => called.record(ms, errorType) }
  }
}

/** Redis' commands are written in capitals; those of other stores as they are. */
function commandOf(text: string, isCache: boolean): string {
  const command = text.split(' ', 1)[0]!
  return isCache ? command.replace(/^redis-/, '').toUpperCase() : command
}
