import { expect } from 'chai'
import { SampleBuffer } from '../src/sample-buffer.ts'

describe('a sample buffer', () => {
  it('does not keep the start times of the series before', () => {
    const buffer = new SampleBuffer()
    buffer.pushFloat(1000, 1)
    buffer.pushFloat(2000, 2)
    buffer.setStartTime(500)
    buffer.clear()
    expect(buffer.startTimes).to.equal(undefined)
    buffer.pushFloat(3000, 3)
    buffer.setStartTime(2500)
    buffer.pushFloat(4000, 4)
    expect([...buffer.startTimes!.subarray(0, 2)]).to.deep.equal([2500, 0])
  })

  it('keeps the start times that it has when it grows', () => {
    const buffer = new SampleBuffer()
    for (let i = 1; i <= 1000; i++) {
      buffer.pushFloat(i, i)
      buffer.setStartTime(7)
    }
    expect(new Set(buffer.startTimes!.subarray(0, 1000))).to.deep.equal(new Set([7]))
  })
})
