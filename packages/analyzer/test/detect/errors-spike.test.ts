import { expect } from 'chai'
import { failingShop } from './scenario/failing-shop.ts'
import { findingOf, findingsOf } from './scenario/finding.ts'
import type { Instruments } from './scenario/instruments.ts'
import { world } from './scenario/world.ts'

describe('errors.spike', () => {
  it('names the failing route in each service, and the callee whose failures explain it', () => {
    const found = findingsOf(failingShop(0.33), 'errors.spike')
    expect(
      found.map(({ resource, component }) => [
        resource['service.name'],
        component,
        resource['peer.service'],
      ]),
    ).to.have.deep.members([
      ['storefront', 'GET /products/:id', 'catalog'],
      ['catalog', 'GET /products/:id', undefined],
    ])
    expect(found[0]?.severity).to.equal('critical')
  })

  it('is silent under 5 %, a warning over it', () => {
    expect(findingsOf(failingShop(0.02), 'errors.spike')).to.deep.equal([])
    const [found] = findingsOf(failingShop(0.1), 'errors.spike')
    expect(found?.severity).to.equal('warning')
  })

  it('is silent on a handful of failures, however large their share', () => {
    const routes = [
      { route: '/', perSecond: 10, seconds: 0.01 },
      { route: '/rare', perSecond: 0.05, seconds: 0.01, failing: 1 },
    ]
    const quiet = world({ services: [{ name: 'api', routes }], seconds: 60 })
    expect(findingsOf(quiet, 'errors.spike')).to.deep.equal([])
  })

  it('sees a burst that is over before the second export of its series', () => {
    const services = [
      {
        name: 'api',
        routes: [{ route: '/', perSecond: 10, seconds: 0.01, failing: 1 }],
        failingFromSecond: 541,
      },
    ]
    const burst = world({ services, seconds: 600, exportSeconds: 60 })
    expect(findingOf(burst, 'errors.spike').evidence[1]?.value).to.equal(600)
  })

  it('does not count client errors', () => {
    const services = [
      {
        name: 'api',
        routes: [{ route: '/', perSecond: 10, seconds: 0.01 }],
        also: (instruments: Instruments) => {
          const labels = { http_route: '/', http_request_method: 'GET' }
          const status = { http_response_status_code: '404', error_type: '404' }
          for (let n = 0; n < 10; n++) {
            const name = 'http_server_request_duration_seconds'
            instruments.observe(name, { ...labels, ...status }, 0.01)
          }
        },
      },
    ]
    expect(findingsOf(world({ services, seconds: 60 }), 'errors.spike')).to.deep.equal([])
  })
})
