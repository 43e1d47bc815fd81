import { HistogramRecorder } from '../shared/histogram-recorder.ts'
import { recordedInstrument } from '../shared/recorded-instruments.ts'
import type { SeriesAttributes, SeriesWriter } from '../shared/series-writer.ts'
import type { CallShape, ShapeTable, WaitKind } from './call-shape.ts'
import { type StatementShape, StatementShapes } from './sql-shape.ts'

const SPAN_KIND_CLIENT = 2

/** Which database a connection leads to. */
export interface DbPeer {
  /** `postgresql`, `mysql`, `redis` ... as `db.system.name` has them. */
  readonly system: string
  readonly namespace: string | undefined
  /** Undefined when nobody tells, as with a service of a cloud. */
  readonly host: string | undefined
  readonly port: number | undefined
}

interface StatementPlaces {
  readonly shape: CallShape
  readonly attributes: SeriesAttributes
  readonly places: Map<string, number>
}

/** The statements of one database: their shapes and where their durations go. */
export class DbStatements {
  readonly #peer: DbPeer
  readonly #kind: WaitKind
  readonly #shapes: ShapeTable
  readonly #statements = new StatementShapes()
  readonly #duration: HistogramRecorder
  readonly #places = new Map<string, StatementPlaces>()

  constructor(peer: DbPeer, kind: WaitKind, shapes: ShapeTable, duration: HistogramRecorder) {
    this.#peer = peer
    this.#kind = kind
    this.#shapes = shapes
    this.#duration = duration
  }

  /** The shape of an SQL statement. */
  statement(text: string): CallShape {
    return this.#placesOf(this.#statements.of(text)).shape
  }

  /** The shape of a command that is no SQL: `GET`, `find` with its collection. */
  command(operation: string, collection: string | undefined): CallShape {
    const text = collection === undefined ? operation : `${operation} ${collection}`
    return this.#placesOf({ operation, collection, text }).shape
  }

  /** Records the duration of a call of one of these shapes. */
  record(shape: CallShape, durationMs: number, errorType: string | undefined): void {
    const statement = this.#places.get(shape.shape) ?? this.#places.get('other')
    if (statement === undefined) return
    const key = errorType ?? ''
    let place = statement.places.get(key)
    if (place === undefined) {
      const { attributes } = statement
      place = this.#duration.intern(
        errorType === undefined ? attributes : { ...attributes, 'error.type': errorType },
      )
      statement.places.set(key, place)
    }
    this.#duration.record(place, durationMs / 1000)
  }

  #placesOf(statement: StatementShape): StatementPlaces {
    const known = this.#places.get(statement.text)
    if (known !== undefined) return known
    const attributes = this.#attributes(statement)
    const { system, namespace } = this.#peer
    const target = namespace === undefined ? system : `${system} ${namespace}`
    const { operation, collection } = statement
    const shape = this.#shapes.intern(this.#kind, target, statement.text, (target, text) => ({
      kind: this.#kind,
      target,
      shape: text,
      counted: true,
      spanName: collection === undefined ? operation : `${operation} ${collection}`,
      spanKind: SPAN_KIND_CLIENT,
      scope: 'chokepoint',
      attributes: { ...attributes, 'db.query.text': text },
    }))
    // The table of shapes may be full and have given the shape `other`.
    const shared = this.#places.get(shape.shape)
    if (shared !== undefined) return shared
    const places = { shape, attributes, places: new Map<string, number>() }
    this.#places.set(shape.shape, places)
    return places
  }

  #attributes({ operation, collection }: StatementShape): SeriesAttributes {
    const { system, namespace, host, port } = this.#peer
    return {
      'db.system.name': system,
      'db.operation.name': operation,
      ...(collection === undefined ? {} : { 'db.collection.name': collection }),
      ...(namespace === undefined ? {} : { 'db.namespace': namespace }),
      ...(host === undefined ? {} : { 'server.address': host }),
      ...(port === undefined ? {} : { 'server.port': port }),
    }
  }
}

/** Databases whose numbers are kept apart. */
const DATABASES_MAX = 100

/** All databases that the app talks to. */
export class DbMetrics {
  readonly #shapes: ShapeTable
  readonly #duration: HistogramRecorder
  readonly #databases = new Map<string, DbStatements>()

  constructor(writer: SeriesWriter, shapes: ShapeTable) {
    this.#shapes = shapes
    this.#duration = new HistogramRecorder(
      writer,
      recordedInstrument('db.client.operation.duration'),
    )
  }

  /** The statements of a database. @param kind `db`, or `cache` for a store such as Redis */
  database(peer: DbPeer, kind: 'db' | 'cache'): DbStatements {
    const key = `${peer.system} ${peer.namespace} ${peer.host}:${peer.port}`
    let statements = this.#databases.get(key)
    if (statements === undefined) {
      statements = new DbStatements(peer, kind, this.#shapes, this.#duration)
      if (this.#databases.size < DATABASES_MAX) this.#databases.set(key, statements)
    }
    return statements
  }
}
