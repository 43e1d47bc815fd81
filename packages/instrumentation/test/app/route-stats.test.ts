import { expect } from 'chai'
import type { CallShape } from '../../src/app/call-shape.ts'
import { RouteStats } from '../../src/app/route-stats.ts'
import { HistogramRecorder } from '../../src/shared/histogram-recorder.ts'
import { createSharedMemory } from '../../src/shared/memory-layout.ts'
import { recordedInstrument } from '../../src/shared/recorded-instruments.ts'
import { SeriesReader } from '../../src/shared/series-reader.ts'
import { SeriesWriter } from '../../src/shared/series-writer.ts'

const SHAPE: CallShape = {
  ...{ kind: 'db', target: 'orders', shape: 'SELECT ?', counted: true },
  ...{ spanName: '', spanKind: 2, scope: '', attributes: {} },
}

/** Records requests that make so many calls of one shape each; gives count and sum of the two histograms. */
function record(requests: number, calls: number, thrifty: boolean) {
  const writer = new SeriesWriter(createSharedMemory())
  const recorder = (name: string) => new HistogramRecorder(writer, recordedInstrument(name))
  const histograms = {
    timeSplit: recorder('request.time.split'),
    childCalls: recorder('request.child.calls'),
  }
  const stats = new RouteStats('/orders', histograms)
  for (let request = 0; request < requests; request++) {
    const group = { shape: SHAPE, count: calls, running: 0, waitMs: 1000, next: undefined }
    stats.recordGroups(group, thrifty)
  }
  return Object.fromEntries(
    [...new SeriesReader(writer.memory).read()].map((series) => [
      series.instrument.row.name,
      series.kind === 'histogram' ? [series.count, series.sum] : [],
    ]),
  )
}

describe('the numbers of a route', () => {
  it('count the calls and the waits of each request', () => {
    expect(record(7, 12, false)).to.deep.equal({
      'request.child.calls': [7, 84],
      'request.time.split': [7, 7],
    })
  })

  it('have the same rates and ratios when the governor has one request in ten counted', () => {
    expect(record(100, 12, true)).to.deep.equal(record(100, 12, false))
    const { 'request.child.calls': calls } = record(9, 12, true)
    expect(calls).to.deep.equal([0, 0])
  })
})
