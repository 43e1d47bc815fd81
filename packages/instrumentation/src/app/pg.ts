import { AsyncResource } from 'node:async_hooks'
import { errorMonitor } from 'node:events'
import type { DbMetrics, DbStatement, DbStatements } from './db-metrics.ts'
import { errorName } from './error-name.ts'
import type { ErrorSink } from './guard.ts'
import type { Call } from './local-root.ts'
import { preparePgPool } from './pg-pool.ts'
import type { PoolMetrics } from './pool-metrics.ts'
import type { RequestTracker } from './request-tracker.ts'

type Callback = (...args: unknown[]) => unknown

interface PgClient {
  readonly host?: string
  readonly port?: number
  readonly database?: string
  [STATEMENTS]?: DbStatements
}

type Query = (this: PgClient, config: unknown, values?: unknown, callback?: unknown) => unknown

const STATEMENTS = Symbol('chokepoint.statements')

/** What prepared libraries record into. */
export interface DbHooks {
  readonly tracker: RequestTracker
  readonly db: DbMetrics
  readonly pools: PoolMetrics
  readonly report: ErrorSink
}

/** Prepares `pg`: each query is a call of the request that makes it, each pool shows its state. */
export function preparePg(exported: unknown, hooks: DbHooks): void {
  const { Client, Pool } = exported as {
    Client?: { prototype?: { query?: Query } }
    Pool?: { prototype?: object }
  }
  if (Client?.prototype?.query !== undefined) {
    patchQuery(Client.prototype as { query: Query }, hooks)
  }
  if (Pool?.prototype !== undefined) preparePgPool(Pool.prototype, hooks)
}

function patchQuery(prototype: { query: Query }, hooks: DbHooks): void {
  const query = prototype.query
  prototype.query = function chokepointQuery(config, values, callback) {
    const running = begin(this, config, hooks)
    if (running === undefined) return query.call(this, config, values, callback)
    try {
      if (typeof callback === 'function') {
        return query.call(this, config, values, running.endedBy(callback as Callback))
      }
      if (typeof values === 'function') {
        return query.call(this, config, running.endedBy(values as Callback))
      }
      const own = callbackOf(config)
      if (own !== undefined) {
        return query.call(this, withCallback(config as object, running.endedBy(own)), values)
      }
      return awaited(query.call(this, config, values), running)
    } catch (error) {
      running.end(error)
      throw error
    }
  }
}

function begin(client: PgClient, query: unknown, hooks: DbHooks): RunningQuery | undefined {
  try {
    const text = textOf(query)
    if (text === undefined) return undefined
    const statement = statementsOf(client, hooks).statement(text)
    return new RunningQuery(statement, hooks.tracker.startCall(statement.shape), hooks)
  } catch (error) {
    hooks.report(error)
    return undefined
  }
}

/** A query from its start to its end. */
class RunningQuery {
  readonly #statement: DbStatement
  readonly #call: Call
  readonly #hooks: DbHooks

  constructor(statement: DbStatement, call: Call, hooks: DbHooks) {
    this.#statement = statement
    this.#call = call
    this.#hooks = hooks
  }

  /**
   * The callback, which ends the query first and then runs in the caller's context: a pooled connection calls back in
   * the context of whoever opened it. A callback of the pool itself needs none.
   */
  endedBy(callback: Callback): Callback {
    const running = this
    if (this.#call.root === undefined || this.#hooks.tracker.standsIn) {
      return function ended(this: unknown, ...results: unknown[]) {
        running.end(results[0])
        return callback.apply(this, results)
      }
    }
    const caller = new AsyncResource('chokepoint.query')
    return function endedInContext(this: unknown, ...results: unknown[]) {
      running.end(results[0])
      return caller.runInAsyncScope(callback, this, ...results)
    }
  }

  /** Ends it; a second call changes nothing. */
  end(error: unknown): void {
    const call = this.#call
    if (call.endMs !== undefined) return
    try {
      const errorType = error === undefined || error === null ? undefined : errorName(error)
      const durationMs = this.#hooks.tracker.endCall(call, errorType)
      this.#statement.record(durationMs, errorType)
    } catch (broken) {
      this.#hooks.report(broken)
    }
  }
}

/** The text of a query in each of the ways to give one; a cursor or a stream has its text inside. */
function textOf(query: unknown): string | undefined {
  if (typeof query === 'string') return query
  if (typeof query !== 'object' || query === null) return undefined
  const { text, cursor } = query as { text?: unknown; cursor?: { text?: unknown } }
  const inner = text ?? cursor?.text
  return typeof inner === 'string' ? inner : undefined
}

function statementsOf(client: PgClient, hooks: DbHooks): DbStatements {
  client[STATEMENTS] ??= hooks.db.database(
    {
      system: 'postgresql',
      namespace: client.database,
      host: client.host ?? 'localhost',
      port: client.port ?? 5432,
    },
    'db',
  )
  return client[STATEMENTS]
}

/** The callback that a query object or a config brings along. */
function callbackOf(config: unknown): Callback | undefined {
  const { callback } = config as { callback?: unknown }
  return typeof callback === 'function' ? (callback as Callback) : undefined
}

/** The app may use a plain config again, so it is left as it is; a query object is used once. */
function withCallback(config: { submit?: unknown }, callback: Callback): object {
  return typeof config.submit === 'function'
    ? Object.assign(config, { callback })
    : { ...config, callback }
}

/** The promise of a query that ends the call first; of a stream the end is its `end` or `error` event. */
function awaited(result: unknown, running: RunningQuery): unknown {
  if (result instanceof Promise) {
    return result.then(
      (value) => {
        running.end(undefined)
        return value
      },
      (error) => {
        running.end(error ?? 'unknown')
        throw error
      },
    )
  }
  const emitter = result as {
    once?: (event: string | symbol, listener: (error?: unknown) => void) => void
  }
  if (typeof emitter?.once === 'function') {
    emitter.once('end', () => running.end(undefined))
    emitter.once('close', () => running.end(undefined))
    // The monitor only looks: a listener for `error` itself would keep an unhandled error from the app.
    emitter.once(errorMonitor, (error) => running.end(error))
  } else {
    running.end(undefined)
  }
  return result
}
