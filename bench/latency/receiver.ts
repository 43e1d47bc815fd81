import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** Takes webhooks of both systems and tells when an alert of a room arrived first. */
export interface WebhookReceiver {
  readonly url: string
  /** The time by `performance.now()` at which the room's alert arrived; rejects after `timeoutMs`. */
  readonly arrival: (room: string, timeoutMs: number) => Promise<number>
  readonly close: () => void
}

/** Starts a receiver on a free port of the loopback. */
export async function startReceiver(): Promise<WebhookReceiver> {
  const waiting = new Map<string, (atMs: number) => void>()
  const server = createServer((request, response) => {
    const atMs = performance.now()
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      response.writeHead(204).end()
      // Both formats write labels as JSON, so the room is found without knowing which it is.
      for (const [, room = ''] of body.matchAll(/"room":"([^"]+)"/g)) {
        waiting.get(room)?.(atMs)
        waiting.delete(room)
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    arrival: (room, timeoutMs) =>
      new Promise((resolve, reject) => {
        const late = () => reject(new Error(`no webhook of ${room} within ${timeoutMs} ms`))
        const timer = setTimeout(late, timeoutMs)
        waiting.set(room, (atMs) => {
          clearTimeout(timer)
          resolve(atMs)
        })
      }),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}
