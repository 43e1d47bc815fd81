import { HistogramRecorder } from '../shared/histogram-recorder.ts'
import { recordedInstrument } from '../shared/recorded-instruments.ts'
import type { SeriesAttributes, SeriesWriter } from '../shared/series-writer.ts'
import type { CallShape, ShapeTable, WaitKind } from './call-shape.ts'
import { READ_MAX, type StatementShape, statementShape } from './sql-shape.ts'

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

/** Statements of one database that are remembered by their exact text. */
const REMEMBERED_MAX = 1000

/** Statements, or commands, of one shape to one database: what they are, and where their durations go. */
export class DbStatement {
  readonly shape: CallShape
  readonly #attributes: SeriesAttributes
  readonly #duration: HistogramRecorder
  #place: number | undefined
  #failedPlaces: Map<string, number> | undefined

  constructor(shape: CallShape, attributes: SeriesAttributes, duration: HistogramRecorder) {
    this.shape = shape
    this.#attributes = attributes
    this.#duration = duration
  }

  /** Records the duration of one of them. */
  record(durationMs: number, errorType: string | undefined): void {
    const place = errorType === undefined ? this.#succeeded() : this.#failed(errorType)
    this.#duration.record(place, durationMs / 1000)
  }

  #succeeded(): number {
    this.#place ??= this.#duration.intern(this.#attributes)
    return this.#place
  }

  #failed(errorType: string): number {
    this.#failedPlaces ??= new Map()
    let place = this.#failedPlaces.get(errorType)
    if (place === undefined) {
      place = this.#duration.intern({ ...this.#attributes, 'error.type': errorType })
      this.#failedPlaces.set(errorType, place)
    }
    return place
  }
}

/** The statements of one database. */
export class DbStatements {
  readonly #peer: DbPeer
  readonly #kind: WaitKind
  readonly #shapes: ShapeTable
  readonly #duration: HistogramRecorder
  /** By the exact text of an SQL statement, so that a repeated one costs one look-up. */
  readonly #byText = new Map<string, DbStatement>()
  readonly #byShape = new Map<string, DbStatement>()

  constructor(peer: DbPeer, kind: WaitKind, shapes: ShapeTable, duration: HistogramRecorder) {
    this.#peer = peer
    this.#kind = kind
    this.#shapes = shapes
    this.#duration = duration
  }

  /** An SQL statement. */
  statement(text: string): DbStatement {
    const known = this.#byText.get(text)
    if (known !== undefined) return known
    const statement = this.#ofShape(statementShape(text, this.#peer.system))
    // Statements with values written into them would push out the others without end, and long ones take megabytes:
    // neither is kept.
    if (this.#byText.size < REMEMBERED_MAX && text.length <= READ_MAX) {
      this.#byText.set(text, statement)
    }
    return statement
  }

  /** A command that is no SQL: `GET`, `find` with its collection. */
  command(operation: string, collection: string | undefined): DbStatement {
    const text = collection === undefined ? operation : `${operation} ${collection}`
    return this.#ofShape({ operation, collection, text })
  }

  #ofShape({ operation, collection, text }: StatementShape): DbStatement {
    const known = this.#byShape.get(text)
    if (known !== undefined) return known
    const attributes = this.#attributes(operation, collection)
    const { system, namespace } = this.#peer
    const target = namespace === undefined ? system : `${system} ${namespace}`
    const shape = this.#shapes.intern(this.#kind, target, text, (target, text) => ({
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
    const shared = this.#byShape.get(shape.shape)
    if (shared !== undefined) return shared
    const statement = new DbStatement(shape, attributes, this.#duration)
    this.#byShape.set(shape.shape, statement)
    return statement
  }

  #attributes(operation: string, collection: string | undefined): SeriesAttributes {
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
