import { expect } from 'chai'
import { findingOf, findingsOf } from './scenario/finding.ts'
import type { CallModel } from './scenario/service.ts'
import { shop, world } from './scenario/world.ts'

/** A shop whose payment takes `seconds` for a charge, seen from both ends. */
function paying(seconds: number, rest = {}) {
  const [storefront] = shop()
  const routes = storefront!.routes!.map((route) =>
    route.route === '/checkout'
      ? { ...route, calls: [{ ...route.calls![0]!, seconds: seconds + 0.002 }] }
      : route,
  )
  const charge = [{ route: '/charge', method: 'POST', perSecond: 5, seconds }]
  const services = shop({ storefront: { routes }, payment: { routes: charge } })
  return world({ services, seconds: 60, ...rest })
}

/** A service with one route whose requests make this call. */
function calling(call: CallModel, ownSeconds = 0.005) {
  const routes = [{ route: '/', perSecond: 10, seconds: ownSeconds, calls: [call] }]
  return world({ services: [{ name: 'api', routes }], seconds: 60 })
}

describe('dependency.slow', () => {
  for (const noise of [0, 0.2, 0.4]) {
    it(`names the peer that requests wait for, and the service behind its address (noise ${noise})`, () => {
      const found = findingOf(paying(0.28, { noise }), 'dependency.slow')
      expect(found).to.include({ component: '127.0.0.1:7002', operation: 'HTTP requests' })
      expect(found.resource).to.deep.equal({
        'service.name': 'storefront',
        'server.address': '127.0.0.1',
        'server.port': '7002',
        'peer.service': 'payment',
      })
      expect(found.summary).to.contain(
        'storefront waits for 127.0.0.1:7002 (payment): a call takes',
      )
      expect(found.impact.savingMs).to.be.closeTo(80, 25)
    })
  }

  it('is found at other export intervals, too', () => {
    findingOf(paying(0.28, { seconds: 300, exportSeconds: 15 }), 'dependency.slow')
    findingOf(paying(0.28, { seconds: 900, exportSeconds: 60 }), 'dependency.slow')
  })

  it('is silent on a peer just fast enough', () => {
    expect(findingsOf(paying(0.12), 'dependency.slow')).to.deep.equal([])
  })

  it('is silent on a slow peer that takes little of the time of all requests', () => {
    const rare: CallModel = { kind: 'http', target: 'mail:80', seconds: 0.4 }
    const routes = [
      { route: '/', perSecond: 40, seconds: 0.1 },
      { route: '/contact', perSecond: 0.3, seconds: 0.01, calls: [rare] },
    ]
    const quiet = world({ services: [{ name: 'api', routes }], seconds: 60 })
    expect(findingsOf(quiet, 'dependency.slow')).to.deep.equal([])
  })

  it('knows slower bounds for databases, and names table and statement', () => {
    const query = (seconds: number): CallModel => ({
      kind: 'db',
      target: 'postgresql orders',
      seconds,
    })
    const found = findingOf(calling(query(0.12)), 'dependency.slow')
    expect(found).to.include({ component: 'postgresql orders', operation: 'SELECT orders' })
    expect(found.resource['db.system.name']).to.equal('postgresql')
    expect(findingsOf(calling(query(0.03)), 'dependency.slow')).to.deep.equal([])
  })

  it('names a remote procedure that is slow, not those beside it', () => {
    const procedure = (method: string, seconds: number): CallModel => ({
      kind: 'rpc',
      target: `stock:50051 shop.Stock/${method}`,
      seconds,
    })
    const calls = [procedure('Reserve', 0.4), procedure('List', 0.02)]
    const routes = [{ route: '/', perSecond: 10, seconds: 0.005, calls }]
    const stock = { name: 'stock', routes: [] }
    const found = findingOf(
      world({ services: [{ name: 'api', routes }, stock], seconds: 60 }),
      'dependency.slow',
    )
    expect(found).to.include({ component: 'grpc shop.Stock', operation: 'shop.Stock/Reserve' })
    expect(found.resource).to.include({ 'server.address': 'stock', 'server.port': '50051' })
  })

  it('tells a callee by its name where the address is one', () => {
    const call: CallModel = { kind: 'http', target: 'payment:80', seconds: 0.4 }
    const api = {
      name: 'api',
      routes: [{ route: '/', perSecond: 10, seconds: 0.01, calls: [call] }],
    }
    const payment = { name: 'shop/payment', routes: [{ route: '/', perSecond: 90, seconds: 0.4 }] }
    const both = world({ services: [api, payment], seconds: 60 })
    expect(findingOf(both, 'dependency.slow').resource['peer.service']).to.equal('shop/payment')
  })

  it('puts what was usual beside what is', () => {
    const found = findingOf(paying(0.28, { seconds: 700, exportSeconds: 15 }), 'dependency.slow')
    expect(found.evidence[0]?.baseline).to.be.closeTo(found.evidence[0]!.value, 0.1)
  })
})
