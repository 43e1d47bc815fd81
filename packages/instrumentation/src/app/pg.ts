import { AsyncResource } from 'node:async_hooks'
import { errorMonitor } from 'node:events'
import type { DbMetrics, DbStatements } from './db-metrics.ts'
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

type Query = (this: PgClient, ...args: unknown[]) => unknown

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
  prototype.query = function chokepointQuery(...args) {
    const running = begin(this, args[0], hooks)
    if (running === undefined) return query.apply(this, args)
    const bound = bindCallback(args, running)
    let result: unknown
    try {
      result = query.apply(this, args)
    } catch (error) {
      running.end(error)
      throw error
    }
    return bound ? result : awaited(result, running)
  }
}

function begin(client: PgClient, query: unknown, hooks: DbHooks): RunningQuery | undefined {
  try {
    const text = textOf(query)
    if (text === undefined) return undefined
    const statements = statementsOf(client, hooks)
    const call = hooks.tracker.startCall(statements.statement(text))
    return new RunningQuery(statements, call, hooks)
  } catch (error) {
    hooks.report(error)
    return undefined
  }
}

/** A query from its start to its end. */
class RunningQuery {
  readonly #statements: DbStatements
  readonly #call: Call
  readonly #hooks: DbHooks

  constructor(statements: DbStatements, call: Call, hooks: DbHooks) {
    this.#statements = statements
    this.#call = call
    this.#hooks = hooks
  }

  /**
   * The callback, which ends the query first and then runs in the caller's context: a pooled connection calls back in
   * the context of whoever opened it.
   */
  endedBy(callback: Callback): Callback {
    const running = this
    const caller = this.#call.root === undefined ? undefined : new AsyncResource('chokepoint.query')
    return function ended(this: unknown, ...results: unknown[]) {
      running.end(results[0])
      if (caller === undefined) return callback.apply(this, results)
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
      this.#statements.record(call.shape, durationMs, errorType)
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

/** Replaces the callback of a query, if there is one, by one that ends the call first. */
function bindCallback(args: unknown[], running: RunningQuery): boolean {
  const last = args.length - 1
  if (typeof args[last] === 'function') {
    args[last] = running.endedBy(args[last] as Callback)
    return true
  }
  const config = args[0] as { callback?: unknown; submit?: unknown }
  if (typeof config === 'object' && typeof config.callback === 'function') {
    const callback = running.endedBy(config.callback as Callback)
    // The app may use a plain config again, so it is left as it is; a query object is used once.
    if (typeof config.submit === 'function') config.callback = callback
    else args[0] = { ...config, callback }
    return true
  }
  return false
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
