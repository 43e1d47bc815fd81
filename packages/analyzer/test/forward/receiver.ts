import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'

/** One OTLP request as the target behind the analyzer got it. */
export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** A status, with headers if need be. */
export interface Answer {
  readonly status: number
  readonly headers?: Record<string, string>
}

/** A real HTTP server in the place of the target; `port` 0 takes a free one. */
export async function startTarget(
  answer: (request: Received) => Answer = () => ({ status: 200 }),
  port = 0,
) {
  const received: Received[] = []
  const wakers = new Set<() => void>()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const got = { path: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) }
      const { status, headers } = answer(got)
      response.writeHead(status, headers).end(status === 200 ? '' : 'not so')
      received.push(got)
      for (const wake of [...wakers]) wake()
    })
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const bound = (server.address() as AddressInfo).port
  return {
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    received,
    /** Resolves when what was received is enough. */
    until: async (enough: (received: readonly Received[]) => boolean) => {
      while (!enough(received)) await new Promise<void>((wake) => wakers.add(wake))
    },
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

export type Target = Awaited<ReturnType<typeof startTarget>>
