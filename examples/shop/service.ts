import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'

const CLOSE_MS_MAX = 1_000

/** What a part of the shop tells the process that started it. */
export interface ReadyMessage {
  readonly ready: string
}

/**
 * Says that this part is ready, to people on stdout and to its parent by IPC, and ends it cleanly: on
 * SIGTERM, on SIGINT, and when the parent is gone. `close` must end all that keeps the process alive.
 */
export function announce(name: string, url: string, close: () => Promise<void>): void {
  console.log(`${name} ready on ${url}`)
  process.send?.({ ready: url } satisfies ReadyMessage)
  let closing = false
  const stop = () => {
    if (closing) return
    closing = true
    close()
      .catch((error: unknown) => {
        console.error(`${name}: cannot close cleanly: ${String(error)}`)
        process.exitCode = 1
      })
      .finally(() => {
        if (process.connected) process.disconnect()
      })
  }
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  process.on('disconnect', stop)
}

/** The port to listen on: `PORT`, or any free one. */
export function wantedPort(): number {
  return Number(process.env.PORT ?? 0)
}

/** The address to listen on: `HOST`, or loopback. */
export function wantedHost(): string {
  return process.env.HOST ?? '127.0.0.1'
}

/** Where a listening server is reached on this machine. */
export function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** Lets a server finish the requests that it has, for a second at most, then closes it. */
export async function closeServer(server: Server): Promise<void> {
  const patience = setTimeout(() => server.closeAllConnections(), CLOSE_MS_MAX)
  await new Promise<void>((resolve, reject) => {
    server.close((error) => (error === undefined ? resolve() : reject(error)))
  })
  clearTimeout(patience)
}

/** The value of an environment variable that a part cannot run without. */
export function requiredEnv(name: string): string {
  const value = process.env[name]
  if (value === undefined || value === '') {
    console.error(`cannot start: the environment variable ${name} is not set`)
    process.exit(2)
  }
  return value
}
