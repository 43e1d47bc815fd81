import type { AddressInfo, Server } from 'node:net'
import { ChokepointError } from '../model/errors.ts'

/** Listens, and resolves with the port. Rejects with PORT_IN_USE. */
export async function listenOn(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EADDRINUSE') {
        reject(error)
        return
      }
      const message = `cannot listen on ${host}:${port}: the port is taken`
      reject(new ChokepointError('PORT_IN_USE', message, { cause: error }))
    })
    server.listen(port, host, resolve)
  })
  return (server.address() as AddressInfo).port
}
