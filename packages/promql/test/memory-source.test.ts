import { MemorySource, SAMPLE_STALE, SampleBuffer } from '@chokepoint/promql'
import { expect } from 'chai'

describe('a memory source', () => {
  it('reads both ends of a range and nothing beyond', () => {
    const source = new MemorySource()
    for (let i = 0; i < 10; i++) source.add({ __name__: 'm' }, i * 1000, i)
    const [series] = source.select([{ name: '__name__', type: '=', value: 'm' }], 0, 9000)
    const buffer = new SampleBuffer()
    series!.read(2000, 5000, buffer)
    expect([...buffer.values.subarray(0, buffer.size)]).to.deep.equal([2, 3, 4, 5])
    buffer.clear()
    series!.readLast!(0, 4500, buffer)
    expect([buffer.size, buffer.values[0]]).to.deep.equal([1, 4])
  })

  it('tells a stale marker from NaN', () => {
    const source = new MemorySource()
    source.add({ __name__: 'm' }, 0, Number.NaN)
    source.add({ __name__: 'm' }, 1000, 'stale')
    const [series] = source.select([], 0, 1000)
    const buffer = new SampleBuffer()
    series!.read(0, 1000, buffer)
    expect([...buffer.kinds.subarray(0, 2)]).to.deep.equal([0, SAMPLE_STALE])
    expect(buffer.special).to.equal(1)
  })

  it('replaces the newest sample and refuses to go back', () => {
    const source = new MemorySource()
    source.add({ __name__: 'm' }, 1000, 1)
    source.add({ __name__: 'm' }, 1000, 2)
    expect(() => source.add({ __name__: 'm' }, 999, 3)).to.throw(
      'cannot add a sample at 999 to {__name__="m"}: its newest sample is at 1000',
    )
    const buffer = new SampleBuffer()
    source.select([], 0, 2000)[0]!.read(0, 2000, buffer)
    expect([buffer.size, buffer.values[0]]).to.deep.equal([1, 2])
  })
})
