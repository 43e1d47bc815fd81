import { once } from 'node:events'
import { createServer } from 'node:net'

/** The wanted port when nobody listens on it, else 0, which takes any free one. */
export async function portIfFree(host: string, port: number): Promise<number> {
  const server = createServer()
  try {
    server.listen({ host, port, exclusive: true })
    await once(server, 'listening')
    return port
  } catch {
    // Taken, or not allowed: either way it is not ours to have.
    return 0
  } finally {
    server.close()
  }
}
