import { expect } from 'chai'
import { findingOf, findingsOf } from './scenario/finding.ts'
import type { Instruments } from './scenario/instruments.ts'
import { shop, world } from './scenario/world.ts'

/** A shop whose storefront blocks its loop: `seconds` long, every `every` seconds. */
function blocking(seconds: number, every: number, rest = {}, fromSecond = 0) {
  const stalls = [{ everySeconds: every, seconds, function: 'priceReport', fromSecond }]
  return world({ services: shop({ storefront: { stalls } }), seconds: 60, ...rest })
}

describe('eventloop.blocked', () => {
  for (const noise of [0, 0.2, 0.5]) {
    it(`names the function that blocks the loop (noise ${noise})`, () => {
      const found = findingOf(blocking(0.4, 5, { noise }), 'eventloop.blocked')
      expect(found.resource).to.deep.equal({
        'service.name': 'storefront',
        'service.instance.id': 'storefront-1',
      })
      expect(found.profile?.frames[0]).to.deep.equal({
        function: 'priceReport',
        file: '/app/pricing.js',
        line: 42,
        share: 1,
      })
      expect(found.severity).to.equal('warning')
      expect(found.evidence[0]?.value).to.be.closeTo(0.08, 0.02)
    })
  }

  it('is found at other export intervals, too', () => {
    for (const [seconds, exportSeconds] of [
      [300, 15],
      [900, 60],
    ] as const) {
      findingOf(blocking(0.4, 5, { seconds, exportSeconds }), 'eventloop.blocked')
    }
  })

  it('is silent under 3 % of the time, and critical over 15 %', () => {
    expect(findingsOf(blocking(0.25, 10), 'eventloop.blocked')).to.deep.equal([])
    expect(findingOf(blocking(1, 5), 'eventloop.blocked').severity).to.equal('critical')
  })

  it('is silent on the stalls of a start, once they are over', () => {
    const start = [1, 2, 3, 4, 5].map((second) => ({
      everySeconds: 1000,
      seconds: 0.8,
      function: `load${second}`,
      fromSecond: second,
    }))
    const starting = shop({
      storefront: {
        also: (instruments, age) => {
          for (const stall of start) {
            if (age !== stall.fromSecond) continue
            const frame = { code_function_name: 'compileModule' }
            instruments.observe('nodejs_eventloop_blocked_duration_seconds', frame, stall.seconds)
          }
        },
      },
    })
    expect(
      findingsOf(world({ services: starting, seconds: 60 }), 'eventloop.blocked'),
    ).to.deep.equal([])
  })

  it('counts the first stall of each function in a service that was there before', () => {
    let next = 0
    const services = shop({
      storefront: {
        also: (instruments, age) => {
          if (age < 700 || age % 20 !== 0) return
          const frame = { code_function_name: `handler${next++}` }
          instruments.observe('nodejs_eventloop_blocked_duration_seconds', frame, 1)
        },
      },
    })
    const found = findingOf(
      world({ services, seconds: 900, exportSeconds: 15 }),
      'eventloop.blocked',
    )
    expect(found.evidence[1]?.value).to.equal(11)
    expect(found.profile?.frames).to.have.length(5)
  })

  it('is silent where the machine stops the process: stalls anywhere, and no free processor', () => {
    const scattered = (pressure: number) => {
      const stalls = ['emit', 'parse', 'push', 'read', 'next'].map((name, index) => ({
        everySeconds: 5 + index,
        seconds: 0.5,
        function: name,
      }))
      const also = (instruments: Instruments) => {
        const labels = { system_psi_resource: 'cpu', system_psi_kind: 'some' }
        instruments.set('system_linux_psi_avg10_ratio', labels, pressure)
      }
      return world({ services: [{ name: 'api', stalls, also }], seconds: 60 })
    }
    expect(findingsOf(scattered(0.8), 'eventloop.blocked')).to.deep.equal([])
    expect(findingsOf(scattered(0.1), 'eventloop.blocked')).to.have.length(1)
  })

  it('takes the worst of several instances', () => {
    const [storefront] = shop()
    const services = [0.4, 0.8].map((seconds, index) => ({
      ...storefront!,
      instance: `storefront-${index}`,
      stalls: [{ everySeconds: 5, seconds, function: 'priceReport' }],
    }))
    const found = findingOf(world({ services, seconds: 60 }), 'eventloop.blocked')
    expect(found.resource['service.instance.id']).to.equal('storefront-1')
  })
})
