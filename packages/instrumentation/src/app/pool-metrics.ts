import { HistogramRecorder } from '../shared/histogram-recorder.ts'
import { recordedInstrument } from '../shared/recorded-instruments.ts'
import type { SeriesWriter } from '../shared/series-writer.ts'
import type { CallShape, ShapeTable } from './call-shape.ts'

/** The state of a pool at an instant. */
export interface PoolState {
  readonly idle: number
  readonly used: number
  readonly pending: number
  /** 0: there is none, or nobody knows it; then none is told. */
  readonly limit: number
}

const EMPTY: PoolState = { idle: 0, used: 0, pending: 0, limit: 0 }

/** Reads the state of a pool of the app; undefined when the pool is no more. */
export type ReadPool = () => PoolState | undefined

/** What all pools of one process record into. */
export class PoolMetrics {
  readonly writer: SeriesWriter
  readonly shapes: ShapeTable
  readonly waitTime: HistogramRecorder
  readonly useTime: HistogramRecorder
  readonly #watched = new Map<Pool, ReadPool>()
  #lookForPools: (() => void) | undefined

  constructor(writer: SeriesWriter, shapes: ShapeTable) {
    this.writer = writer
    this.shapes = shapes
    this.waitTime = histogram(writer, 'db.client.connection.wait_time')
    this.useTime = histogram(writer, 'db.client.connection.use_time')
  }

  /** Has `refresh` show the state of a pool: what changes many times a request costs a request nothing. */
  watch(pool: Pool, read: ReadPool): void {
    this.#watched.set(pool, read)
  }

  /** Has `refresh` look first for pools that nothing tells of when they are made. */
  find(lookForPools: () => void): void {
    this.#lookForPools = lookForPools
  }

  /** Shows the state of all watched pools; called once a second or as often as metrics leave, and before the last export. */
  refresh(): void {
    this.#lookForPools?.()
    for (const [pool, read] of this.#watched) {
      const state = read()
      pool.show(state ?? EMPTY)
      if (state === undefined) this.#watched.delete(pool)
    }
  }
}

/** The numbers of one pool. Pools of the same name add up. */
export class Pool {
  /** The wait for a connection, as a part of a request's time. */
  readonly shape: CallShape
  readonly #metrics: PoolMetrics
  readonly #place: (instrument: string, state?: string) => number
  readonly #places: Record<'idle' | 'used' | 'pending' | 'wait' | 'use' | 'timeouts', number>
  #limitPlace: number | undefined
  #shown = EMPTY

  /** @param name as `db.client.connection.pool.name` has it: `host:port/database` */
  constructor(metrics: PoolMetrics, name: string) {
    this.#metrics = metrics
    const { writer } = metrics
    const attributes = { 'db.client.connection.pool.name': name }
    const place = (instrument: string, state?: string): number =>
      writer.intern(recordedInstrument(`db.client.connection.${instrument}`), {
        ...attributes,
        ...(state === undefined ? {} : { 'db.client.connection.state': state }),
      })
    this.#place = place
    this.#places = {
      idle: place('count', 'idle'),
      used: place('count', 'used'),
      pending: place('pending_requests'),
      wait: place('wait_time'),
      use: place('use_time'),
      timeouts: place('timeouts'),
    }
    this.shape = metrics.shapes.intern('pool', name, 'wait', (target, shape) => ({
      kind: 'pool',
      target,
      shape,
      counted: false,
      spanName: 'wait for connection',
      spanKind: 0,
      scope: 'chokepoint',
      attributes,
    }))
  }

  /** Shows the state of the pool; only the difference is added. */
  show(state: PoolState): void {
    const { writer } = this.#metrics
    for (const key of ['idle', 'used', 'pending'] as const) {
      const change = state[key] - this.#shown[key]
      if (change !== 0) writer.add(this.#places[key], change)
    }
    const change = state.limit - this.#shown.limit
    if (change !== 0) {
      this.#limitPlace ??= this.#place('limit')
      writer.add(this.#limitPlace, change)
    }
    this.#shown = state
  }

  /** The pool is closed: what it showed is taken back. */
  close(): void {
    this.show(EMPTY)
  }

  recordWait(ms: number): void {
    this.#metrics.waitTime.record(this.#places.wait, ms / 1000)
  }

  recordUse(ms: number): void {
    this.#metrics.useTime.record(this.#places.use, ms / 1000)
  }

  countTimeout(): void {
    this.#metrics.writer.add(this.#places.timeouts, 1)
  }
}

function histogram(writer: SeriesWriter, name: string): HistogramRecorder {
  return new HistogramRecorder(writer, recordedInstrument(name))
}
