import { expect } from 'chai'
import { findingOf, findingsOf } from './scenario/finding.ts'
import type { ServiceModel } from './scenario/service.ts'
import { world } from './scenario/world.ts'

const MIB = 1024 ** 2

function growing(storefront: Partial<ServiceModel>, seconds: number, exportSeconds = 1) {
  return world({ services: [{ name: 'storefront', ...storefront }], seconds, exportSeconds })
}

describe('memory.leak', () => {
  it('is found within a minute of strong growth, with the few collections that V8 makes then', () => {
    const leak = {
      heapBytes: (age: number) => (20 + 3.8 * age) * MIB,
      collectsAt: (age: number) => [1, 7, 32].includes(age),
    }
    expect(findingsOf(growing(leak, 30), 'memory.leak')).to.deep.equal([])
    const found = findingOf(growing(leak, 50), 'memory.leak')
    expect(found).to.include({ component: 'heap', severity: 'critical' })
    expect(found.summary).to.contain('reaches its limit of 4.19 GiB')
  })

  it('is found when it is slow, in a service that was healthy before', () => {
    const heapBytes = (age: number) => (80 + Math.max(0, age - 900) * 0.1) * MIB
    const slow = { heapBytes, collectsAt: (age: number) => age % 60 === 0 }
    const found = findingOf(growing(slow, 1800, 15), 'memory.leak')
    expect(found.severity).to.equal('warning')
    expect(found.evidence[0]?.value).to.be.closeTo(0.1 * MIB, 0.04 * MIB)
  })

  it('is silent on a warm-up, on a bounded saw-tooth and on a heap that is large but level', () => {
    const healthy: Record<string, (age: number) => number> = {
      'warm-up': (age) => (20 + 60 * (1 - Math.exp(-age / 10))) * MIB,
      'saw-tooth': (age) => (60 + (age % 120) * 0.25) * MIB,
      level: () => 900 * MIB,
    }
    for (const [name, heapBytes] of Object.entries(healthy)) {
      for (const [seconds, exportSeconds] of [
        [60, 1],
        [600, 15],
        [1800, 60],
      ] as const) {
        const services = growing({ heapBytes }, seconds, exportSeconds)
        expect(findingsOf(services, 'memory.leak'), `${name}, ${seconds} s`).to.deep.equal([])
      }
    }
  })

  it('is silent when the growth has ended', () => {
    const heapBytes = (age: number) => (60 + Math.min(age, 300) * 0.5) * MIB
    expect(findingsOf(growing({ heapBytes }, 1500, 15), 'memory.leak')).to.deep.equal([])
  })
})
