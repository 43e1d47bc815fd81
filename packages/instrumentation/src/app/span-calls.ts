import type { Attributes } from '@opentelemetry/api'
import type { CallShape, ShapeTable } from './call-shape.ts'
import type { DbMetrics } from './db-metrics.ts'

const SPAN_KIND_CLIENT = 2
const SPAN_KIND_PRODUCER = 3
/** Stores whose time is told as `cache`. */
const CACHES = new Set(['redis', 'memcached', 'valkey'])

/** A call that an instrumentation shows only as a span, with what has to be recorded when it ends. */
export interface SpanCall {
  readonly shape: CallShape
  record(durationMs: number, errorType: string | undefined): void
}

/**
 * Reads calls out of the spans of OpenTelemetry's instrumentations, by the names of the conventions, old and new: so
 * a request's time and its child calls are known for every library that has one.
 */
export class SpanCalls {
  readonly #db: DbMetrics
  readonly #shapes: ShapeTable

  constructor(db: DbMetrics, shapes: ShapeTable) {
    this.#db = db
    this.#shapes = shapes
  }

  /** The call that a span stands for; undefined when it is none that we can name. */
  of(kind: number, name: string, attributes: Attributes): SpanCall | undefined {
    if (kind !== SPAN_KIND_CLIENT && kind !== SPAN_KIND_PRODUCER) return undefined
    const text = (...keys: string[]): string | undefined => firstText(attributes, keys)
    const system = text('db.system.name', 'db.system')
    if (system !== undefined) return this.#database(system, name, attributes)
    const messaging = text('messaging.system')
    if (messaging === undefined) return undefined
    const destination = text('messaging.destination.name', 'messaging.destination')
    const target = destination === undefined ? messaging : `${messaging} ${destination}`
    const operation = text('messaging.operation.name', 'messaging.operation') ?? 'publish'
    return { shape: this.#messaging(target, operation), record: () => {} }
  }

  #database(system: string, name: string, attributes: Attributes): SpanCall {
    const text = (...keys: string[]): string | undefined => firstText(attributes, keys)
    const peer = {
      system,
      namespace: text('db.namespace', 'db.name'),
      host: text('server.address', 'net.peer.name') ?? 'unknown',
      port: Number(attributes['server.port'] ?? attributes['net.peer.port'] ?? 0),
    }
    const isCache = CACHES.has(system)
    const database = this.#db.database(peer, isCache ? 'cache' : 'db')
    const statement = text('db.query.text', 'db.statement')
    const collection = text('db.collection.name', 'db.mongodb.collection', 'db.sql.table')
    const operation = text('db.operation.name', 'db.operation')
    const isSql = !isCache && collection === undefined && statement !== undefined
    const shape = isSql
      ? database.statement(statement)
      : database.command((operation ?? name).split(' ', 1)[0]!.toUpperCase(), collection)
    return {
      shape,
      record: (durationMs, errorType) => database.record(shape, durationMs, errorType),
    }
  }

  #messaging(target: string, operation: string): CallShape {
    return this.#shapes.intern('messaging', target, operation, (target, shape) => ({
      kind: 'messaging',
      target,
      shape,
      counted: true,
      spanName: `${shape} ${target}`,
      spanKind: SPAN_KIND_PRODUCER,
      scope: 'chokepoint',
      attributes: {},
    }))
  }
}

function firstText(attributes: Attributes, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = attributes[key]
    if (typeof value === 'string' && value !== '') return value
  }
  return undefined
}
