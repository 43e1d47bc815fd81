import { LabelSet, SampleBuffer } from '@chokepoint/promql'
import { expect } from 'chai'
import { Window } from '../../src/evaluate/window.ts'
import { parseHistogram } from '../../src/histogram/notation.ts'

function loaded(): Window {
  const buffer = new SampleBuffer()
  ;[5, 7, 3, 4, 9, 1].forEach((value, i) => {
    buffer.pushFloat(i * 10, value)
  })
  const window = new Window()
  window.load(LabelSet.EMPTY, buffer, false)
  return window
}

describe('a window', () => {
  it('is open on the left and closed on the right', () => {
    const window = loaded()
    window.slide(10, 30)
    expect([...window.values.subarray(window.from, window.to)]).to.deep.equal([3, 4])
  })

  it('slides over a series that is loaded once', () => {
    const window = loaded()
    const seen = [0, 10, 20, 30, 100].map((from) => {
      window.slide(from, from + 20)
      return window.floats
    })
    expect(seen).to.deep.equal([2, 2, 2, 2, 0])
  })

  it('finds the resets of a series', () => {
    expect(loaded().resets()).to.deep.equal([2, 5])
  })

  it('keeps floats and histograms apart and leaves stale markers out', () => {
    const buffer = new SampleBuffer()
    buffer.pushFloat(0, 1)
    buffer.pushHistogram(10, parseHistogram('count:2'))
    buffer.pushStale(20)
    buffer.pushFloat(30, 3)
    const window = new Window()
    window.load(LabelSet.EMPTY, buffer, false)
    window.slide(-1, 30)
    expect([window.floats, window.histogramCount]).to.deep.equal([2, 1])
    expect([window.times[window.from], window.times[window.to - 1]]).to.deep.equal([0, 30])
  })
})
