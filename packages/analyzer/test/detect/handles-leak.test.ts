import { expect } from 'chai'
import { findingOf, findingsOf } from './scenario/finding.ts'
import type { Instruments } from './scenario/instruments.ts'
import { world } from './scenario/world.ts'

describe('handles.leak', () => {
  const opening = (descriptors: (age: number) => number) => {
    const also = (at: Instruments, age: number) =>
      at.set('process_unix_file_descriptor_count', {}, descriptors(age))
    return world({ services: [{ name: 'api', also }], seconds: 1800, exportSeconds: 15 })
  }

  it('is a number of descriptors that rises in a line', () => {
    expect(
      findingOf(
        opening((age) => 60 + age / 8),
        'handles.leak',
      ).severity,
    ).to.equal('warning')
  })

  it('is silent on load that comes and goes, and on connections that were opened once', () => {
    const healthy = [
      (age: number) => 300 + 200 * Math.sin(age / 200),
      (age: number) => (age < 200 ? 60 : 600),
      (age: number) => 60 + age / 50,
    ]
    for (const descriptors of healthy) {
      expect(findingsOf(opening(descriptors), 'handles.leak')).to.deep.equal([])
    }
  })
})
