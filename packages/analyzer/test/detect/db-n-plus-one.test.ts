import { expect } from 'chai'
import { findingOf, findingsOf } from './scenario/finding.ts'
import { shop, world } from './scenario/world.ts'

/** A shop whose catalog asks the stock of each listed product on its own. */
function listing(stockQueries: number, rest = {}, stockSeconds = 0.002) {
  const [, catalog] = shop()
  const routes = catalog!.routes!.map((route) =>
    route.route === '/products'
      ? {
          ...route,
          calls: [
            ...route.calls!,
            {
              kind: 'db' as const,
              target: 'postgresql stock',
              seconds: stockSeconds,
              perRequest: stockQueries,
            },
          ],
        }
      : route,
  )
  return world({ services: shop({ catalog: { routes } }), seconds: 60, ...rest })
}

describe('db.n_plus_one', () => {
  for (const noise of [0, 0.2, 0.5]) {
    it(`names the route and the statement that it repeats (noise ${noise})`, () => {
      const found = findingOf(listing(20, { noise }), 'db.n_plus_one')
      expect(found).to.include({
        component: '/products',
        operation: 'SELECT * FROM stock WHERE id = ?',
        severity: 'warning',
      })
      expect(found.evidence[0]?.value).to.be.closeTo(20, 0.01)
      expect(found.resource).to.deep.equal({
        'service.name': 'catalog',
        'db.system.name': 'postgresql',
        'server.address': 'db',
        'server.port': '5432',
      })
    })
  }

  it('is found at other export intervals, too', () => {
    findingOf(listing(20, { seconds: 300, exportSeconds: 15 }), 'db.n_plus_one')
    findingOf(listing(20, { seconds: 900, exportSeconds: 60 }), 'db.n_plus_one')
  })

  it('begins at five calls of one statement, and is critical from thirty on', () => {
    expect(findingsOf(listing(4), 'db.n_plus_one')).to.deep.equal([])
    expect(findingOf(listing(6), 'db.n_plus_one').severity).to.equal('warning')
    expect(findingOf(listing(40), 'db.n_plus_one').severity).to.equal('critical')
  })

  it('is silent where the repeated calls take next to nothing', () => {
    expect(findingsOf(listing(8, {}, 0.00002), 'db.n_plus_one')).to.deep.equal([])
  })

  it('is silent on a few requests of an odd visitor', () => {
    expect(findingsOf(listing(20, { seconds: 10, seed: 3 }), 'db.n_plus_one')).not.to.deep.equal([])
    const rare = { kind: 'db' as const, target: 'postgresql stock', seconds: 0.01, perRequest: 50 }
    const routes = [
      { route: '/', perSecond: 10, seconds: 0.01 },
      { route: '/export', perSecond: 0.05, seconds: 0.01, calls: [rare] },
    ]
    const quiet = world({ services: [{ name: 'api', routes }], seconds: 60 })
    expect(findingsOf(quiet, 'db.n_plus_one')).to.deep.equal([])
  })
})
