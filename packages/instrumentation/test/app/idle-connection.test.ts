import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, Socket } from 'node:net'
import { expect } from 'chai'
import { IdleConnections } from '../../src/app/idle-connection.ts'

const IDLE_MS = 20

/** What the app and we see in the timeout of a connection that has served one request, and rests. */
async function storesAtTimeout(forget: boolean, appHasStore: boolean) {
  const ours = new AsyncLocalStorage<unknown>()
  const apps = new AsyncLocalStorage<string>()
  const connections = new IdleConnections(ours)
  const server = createServer((request, response) => {
    if (appHasStore) apps.enterWith('of the app')
    ours.enterWith({ root: true })
    response.on('close', () => {
      if (forget) connections.forget(request.socket)
    })
    response.end()
  })
  Object.assign(server, { keepAliveTimeout: IDLE_MS, keepAliveTimeoutBuffer: 0 })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  client.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
  const seen = await new Promise((resolve) => {
    server.on('timeout', (socket: Socket) => {
      resolve({ ours: ours.getStore(), apps: apps.getStore() })
      socket.destroy()
    })
  })
  client.destroy()
  server.close()
  return seen
}

describe('a connection that waits for its next request', () => {
  it('keeps the context of the last one, if it is left to Node', async () => {
    const seen = await storesAtTimeout(false, false)
    expect(seen).to.deep.equal({ ours: { root: true }, apps: undefined })
  })

  it('forgets it', async () => {
    const seen = await storesAtTimeout(true, false)
    expect(seen).to.deep.equal({ ours: undefined, apps: undefined })
  })

  it('keeps what else the app has in it', async () => {
    const seen = await storesAtTimeout(true, true)
    expect(seen).to.deep.equal({ ours: { root: true }, apps: 'of the app' })
  })

  it('is left alone where it is none, or Node keeps its timers elsewhere', () => {
    const connections = new IdleConnections(new AsyncLocalStorage())
    const unknown = new Socket()
    for (const key of Object.getOwnPropertySymbols(unknown)) Reflect.deleteProperty(unknown, key)
    for (const socket of [{}, { [Symbol('timeout')]: { other: 1 } }, unknown]) {
      expect(() => connections.forget(socket)).not.to.throw()
    }
  })
})
