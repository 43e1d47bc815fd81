import type { Call } from './local-root.ts'
import type { PoolState } from './pool-metrics.ts'
import { type PoolParts, WatchedPool } from './watched-pool.ts'

/** The parts of an ioredis client that are used here, in versions 4 to 6. */
interface RedisClient {
  readonly status: string
  readonly options: {
    readonly host?: string
    readonly port?: number
    readonly path?: string
    readonly db?: number
  }
  readonly commandQueue?: { readonly length: number }
  readonly offlineQueue?: { readonly length: number }
  sendCommand(this: RedisClient, command: RedisCommand, ...rest: unknown[]): unknown
  [WATCHED]?: WatchedPool
}

interface RedisCommand {
  readonly promise?: Promise<unknown>
  [WAIT]?: Call | undefined
}

const WATCHED = Symbol('chokepoint.pool')
const WAIT = Symbol('chokepoint.wait')

/**
 * Prepares `ioredis`. A client is a pool of one connection that all commands share: it is used while commands are on
 * their way, and a command waits for it only while it is not there. So there is no time of use: nobody borrows it.
 */
export function prepareIoredis(exported: unknown, parts: PoolParts): void {
  const { prototype } = exported as { prototype?: RedisClient }
  const sendCommand = prototype?.sendCommand
  if (prototype === undefined || typeof sendCommand !== 'function') return
  prototype.sendCommand = function chokepointSendCommand(command, ...rest) {
    const pool = this[WATCHED] ?? watch(this, parts)
    if (pool === undefined) return sendCommand.call(this, command, ...rest)
    const queued = this.offlineQueue?.length ?? 0
    const result = sendCommand.call(this, command, ...rest)
    if ((this.offlineQueue?.length ?? 0) > queued) beginWait(pool, command)
    else if (command[WAIT] !== undefined) endWait(pool, command, undefined)
    return result
  }
}

/** The command was put aside until there is a connection. It comes here again then, or it fails. */
function beginWait(pool: WatchedPool, command: RedisCommand): void {
  if (command[WAIT] !== undefined) return
  command[WAIT] = pool.wait()
  command.promise?.catch((error: unknown) => endWait(pool, command, error))
}

function endWait(pool: WatchedPool, command: RedisCommand, error: unknown): void {
  const wait = command[WAIT]
  command[WAIT] = undefined
  pool.taken(wait, undefined, error)
}

function watch(client: RedisClient, parts: PoolParts): WatchedPool | undefined {
  try {
    const weak = new WeakRef(client)
    client[WATCHED] = new WatchedPool(nameOf(client), () => stateOf(weak.deref()), parts)
    return client[WATCHED]
  } catch (error) {
    parts.report(error)
    return undefined
  }
}

function stateOf(client: RedisClient | undefined): PoolState | undefined {
  if (client === undefined || client.status === 'end') return undefined
  const connected = client.status === 'ready' || client.status === 'connect' ? 1 : 0
  const used = connected === 1 && (client.commandQueue?.length ?? 0) > 0 ? 1 : 0
  return { idle: connected - used, used, pending: client.offlineQueue?.length ?? 0, limit: 1 }
}

function nameOf({ options }: RedisClient): string {
  const { host = 'localhost', port = 6379, path, db = 0 } = options
  return `${path ?? `${host}:${port}`}/${db}`
}
