import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { Agent, type Dispatcher, getGlobalDispatcher, Pool, setGlobalDispatcher } from 'undici'
import { until } from '../../../../tools/testing/until.ts'
import { symbolOf } from '../../src/app/hidden-value.ts'
import { ownerOf } from '../../src/app/prototype-owner.ts'
import { UndiciPools } from '../../src/app/undici-pool.ts'
import { agent } from './pool-agent.ts'

/** The function by which all pools of this copy of undici send a request. */
function dispatchOfPools(): { readonly name: string } {
  const prototype = Pool.prototype as object as Record<symbol, { readonly name: string }>
  const key = symbolOf(prototype, 'dispatch')!
  return ownerOf(prototype, key)![key]!
}

// A copy of undici that no hook has seen load, as the one inside Node is, and as one in a bundle is.
describe('the pools of a copy of undici that only the dispatcher of fetch shows', () => {
  const theirs = getGlobalDispatcher()
  const held: ServerResponse[] = []
  const server = createServer((_request, response) => {
    held.push(response)
  })
  let origin: string

  before(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening')
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  })

  afterEach(() => {
    for (const response of held.splice(0)) response.end()
  })

  after(async () => {
    setGlobalDispatcher(theirs)
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  async function holding(count: number): Promise<void> {
    await until('the requests', () => held.length >= count)
  }

  /** Sends so many requests, whose answers are held. */
  function ask(dispatcher: Dispatcher, count: number): Promise<unknown>[] {
    return Array.from({ length: count }, async () => {
      const { body } = await dispatcher.request({ origin, path: '/', method: 'GET' })
      return body.text()
    })
  }

  it('are shown without anything lying around each request, when they have no limit', async () => {
    const { parts, shown, errors } = agent()
    new UndiciPools(parts).watch()
    const dispatcher = new Agent()
    setGlobalDispatcher(dispatcher)
    const answers = ask(dispatcher, 2)
    await holding(2)
    expect(shown()).to.include({ 'count used': 2, 'count idle': 0, pending_requests: 0 })
    expect(shown()).to.not.have.property('limit')
    expect(dispatchOfPools().name).to.not.equal('chokepointDispatch')
    for (const response of held.splice(0)) response.end()
    await Promise.all(answers)
    await until('its connections', () => shown()['count used'] === 0)
    expect(shown()).to.include({ 'count used': 0, 'count idle': 2 })
    await dispatcher.close()
    expect(shown()).to.include({ 'count used': 0, 'count idle': 0 })
    expect(errors).to.deep.equal([])
  })

  it('are left alone beyond a number of origins', () => {
    const { parts, errors } = agent()
    const pools = new UndiciPools(parts)
    const named = (host: number) => pools.poolOf(`http://host-${host}.test`)
    for (let host = 0; host < 50; host++) expect(named(host)).to.not.equal(undefined)
    expect(named(50)).to.equal(undefined)
    expect(named(49)).to.not.equal(undefined)
    const reads: object[] = []
    parts.pools.watch = (pool) => reads.push(pool)
    // As many hosts as a crawler asks, each with a pool of its own.
    const clients = new Map(
      Array.from({ length: 1000 }, (_, host) => [
        `http://host-${host}.test`,
        new Pool(`http://host-${host}.test`),
      ]),
    )
    const dispatcher = new Agent()
    Object.assign(dispatcher, { [symbolOf(dispatcher, 'clients')!]: clients })
    setGlobalDispatcher(dispatcher)
    pools.watch()
    parts.pools.refresh()
    expect(reads).to.have.length(50)
    for (const pool of clients.values()) {
      Object.defineProperty(pool, 'stats', {
        get: () => {
          throw new Error('looked at again')
        },
      })
    }
    parts.pools.refresh()
    expect(reads).to.have.length(50)
    expect(errors).to.deep.equal([])
  })

  it('tell who waits, when they have a limit', async () => {
    const { parts, shown, errors } = agent()
    const pools = new UndiciPools(parts)
    pools.watch()
    const dispatcher = new Agent({ connections: 2 })
    setGlobalDispatcher(dispatcher)
    const answers = ask(dispatcher, 2)
    await holding(2)
    expect(shown()).to.include({ 'count used': 2, pending_requests: 0, limit: 2 })
    answers.push(...ask(dispatcher, 1))
    expect(shown()).to.include({ 'count used': 2, pending_requests: 1, limit: 2 })
    expect(pools.taken()).to.equal(undefined)
    held.shift()!.end()
    await holding(2)
    const wait = pools.taken()
    expect(wait?.endMs).to.be.above(wait!.startMs)
    for (const response of held.splice(0)) response.end()
    await Promise.all(answers)
    await dispatcher.close()
    expect(errors).to.deep.equal([])
  })

  it('are shown when each is a single connection', async () => {
    const { parts, shown, errors } = agent()
    new UndiciPools(parts).watch()
    const dispatcher = new Agent({ connections: 1 })
    setGlobalDispatcher(dispatcher)
    const answers = ask(dispatcher, 2)
    await holding(1)
    const one = { 'count used': 1, 'count idle': 0, pending_requests: 1, limit: 1 }
    expect(shown()).to.include(one)
    held.shift()!.end()
    await holding(1)
    expect(shown()).to.include({ ...one, pending_requests: 0 })
    held.shift()!.end()
    await Promise.all(answers)
    await until('its connections', () => shown()['count used'] === 0)
    expect(shown()).to.include({ 'count idle': 1, pending_requests: 0, limit: 1 })
    await dispatcher.close()
    expect(errors).to.deep.equal([])
  })
})
