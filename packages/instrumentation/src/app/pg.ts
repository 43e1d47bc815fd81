import { AsyncLocalStorage } from 'node:async_hooks'
import { errorMonitor } from 'node:events'
import type { Context } from '@opentelemetry/api'
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
  const { tracker, report } = hooks
  const query = prototype.query
  prototype.query = function chokepointQuery(...args) {
    let call: Call | undefined
    let statements: DbStatements | undefined
    const context = tracker.store.getStore()
    try {
      const text = textOf(args[0])
      if (text !== undefined) {
        statements = statementsOf(this, hooks)
        call = tracker.startCall(statements.statement(text))
      }
    } catch (error) {
      report(error)
    }
    if (call === undefined || statements === undefined) return query.apply(this, args)
    const end = endOnce(hooks, statements, call)
    const bound = bindCallback(args, end, context)
    let result: unknown
    try {
      result = query.apply(this, args)
    } catch (error) {
      end(error)
      throw error
    }
    return bound ? result : awaited(result, end)
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

function endOnce(
  { tracker, report }: DbHooks,
  statements: DbStatements,
  call: Call,
): (error: unknown) => void {
  return (error) => {
    try {
      if (call.endMs !== undefined) return
      const errorType = error === undefined || error === null ? undefined : errorName(error)
      statements.record(call.shape, tracker.endCall(call, errorType), errorType)
    } catch (broken) {
      report(broken)
    }
  }
}

/**
 * Replaces the callback of a query, if there is one, by one that ends the call and runs in the caller's context:
 * a pooled connection calls back in the context of whoever opened it.
 */
function bindCallback(
  args: unknown[],
  end: (error: unknown) => void,
  context: Context | undefined,
): boolean {
  const last = args.length - 1
  const wrap = (callback: Callback): Callback => {
    const run = context === undefined ? callback : AsyncLocalStorage.bind(callback)
    return function (this: unknown, ...results: unknown[]) {
      end(results[0])
      return run.apply(this, results)
    }
  }
  if (typeof args[last] === 'function') {
    args[last] = wrap(args[last] as Callback)
    return true
  }
  const config = args[0] as { callback?: unknown; submit?: unknown }
  if (typeof config === 'object' && typeof config.callback === 'function') {
    const callback = wrap(config.callback as Callback)
    // The app may use a plain config again, so it is left as it is; a query object is used once.
    if (typeof config.submit === 'function') config.callback = callback
    else args[0] = { ...config, callback }
    return true
  }
  return false
}

/** The promise of a query that ends the call first; of a stream the end is its `end` or `error` event. */
function awaited(result: unknown, end: (error: unknown) => void): unknown {
  if (result instanceof Promise) {
    return result.then(
      (value) => {
        end(undefined)
        return value
      },
      (error) => {
        end(error ?? 'unknown')
        throw error
      },
    )
  }
  const emitter = result as {
    once?: (event: string | symbol, listener: (error?: unknown) => void) => void
  }
  if (typeof emitter?.once === 'function') {
    emitter.once('end', () => end(undefined))
    emitter.once('close', () => end(undefined))
    // The monitor only looks: a listener for `error` itself would keep an unhandled error from the app.
    emitter.once(errorMonitor, end)
  } else {
    end(undefined)
  }
  return result
}
