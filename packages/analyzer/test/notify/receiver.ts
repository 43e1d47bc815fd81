import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One request as a receiver got it. */
export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** How a receiver answers a request: a status, with headers and text if need be; undefined: never. */
export type Answer =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly text?: string }
  | undefined

/** A real HTTP server that keeps what it gets and answers as it is told. */
export async function startReceiver(
  answer: (request: Received, nth: number) => Answer = () => ({ status: 200 }),
) {
  const received: Received[] = []
  const wakers = new Set<() => void>()
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk: string) => {
      body += chunk
    })
    request.on('end', () => {
      const got = { path: request.url ?? '', headers: request.headers, body }
      received.push(got)
      const { status, headers, text } = answer(got, received.length) ?? {}
      if (status !== undefined) response.writeHead(status, headers).end(text)
      for (const wake of [...wakers]) wake()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    /** Resolves when at least `count` requests came. */
    got: async (count: number) => {
      while (received.length < count) await new Promise<void>((wake) => wakers.add(wake))
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}
