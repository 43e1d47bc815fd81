import { createHistogram } from 'node:perf_hooks'
import { expect } from 'chai'
import type { LoopDelays, RuntimeSample } from '../../../src/shared/runtime-sample.ts'
import { mergeDelays } from '../../../src/watch/probes/merge-delays.ts'
import { createRuntimeProbe } from '../../../src/watch/probes/runtime.ts'
import { RuntimeHistory } from '../../../src/watch/probes/runtime-history.ts'
import { look } from './collect.ts'

/** A window with the same statistics that Node's histogram would have of these delays. */
function windowOf(delaysMs: readonly number[]): LoopDelays {
  const sorted = [...delaysMs].sort((one, other) => one - other)
  const meanMs = sorted.reduce((sum, ms) => sum + ms, 0) / sorted.length
  const variance = sorted.reduce((sum, ms) => sum + (ms - meanMs) ** 2, 0) / sorted.length
  const at = (percentile: number) =>
    sorted[Math.max(0, Math.ceil((percentile / 100) * sorted.length) - 1)]!
  return {
    count: sorted.length,
    minMs: sorted[0]!,
    maxMs: sorted.at(-1)!,
    meanMs,
    stddevMs: Math.sqrt(variance),
    percentiles: [0, 50, 75, 87.5, 90, 93.75, 96.875, 99, 100].map((p) => [p, at(p)] as const),
  }
}

function sample(change: Partial<RuntimeSample> = {}): RuntimeSample {
  return {
    loopActiveMs: 1_000,
    loopIdleMs: 9_000,
    delays: undefined,
    gc: [],
    heapLimitBytes: 2e9,
    heapFloorBytes: undefined,
    heapSpaces: [],
    debugged: false,
    resources: {},
    ...change,
  }
}

describe('merged delays', () => {
  it('are exact for one window', () => {
    const delays = Array.from({ length: 100 }, (_, index) => index + 1)
    expect(mergeDelays([windowOf(delays)])).to.deep.include({
      minMs: 1,
      maxMs: 100,
      p50Ms: 50,
      p90Ms: 90,
      p99Ms: 99,
    })
  })

  it('have the exact minimum, maximum, mean and deviation of all windows together', () => {
    const one = [1, 2, 3, 4]
    const other = [10, 20, 200]
    const all = windowOf([...one, ...other])
    const merged = mergeDelays([windowOf(one), windowOf(other)])!
    expect(merged.minMs).to.equal(1)
    expect(merged.maxMs).to.equal(200)
    expect(merged.meanMs).to.be.closeTo(all.meanMs, 1e-9)
    expect(merged.stddevMs).to.be.closeTo(all.stddevMs, 1e-9)
  })

  it('see one bad window among many quiet ones in the 99th percentile', () => {
    const quiet = Array.from({ length: 9 }, () => windowOf(Array.from({ length: 50 }, () => 1)))
    const bad = windowOf(Array.from({ length: 50 }, (_, index) => (index < 20 ? 300 : 1)))
    expect(mergeDelays([...quiet, bad])).to.include({ p50Ms: 1, p90Ms: 1, p99Ms: 300 })
  })

  it('are absent when the loop has not turned', () => {
    expect(mergeDelays([])).to.equal(undefined)
  })
})

describe('history of the runtime', () => {
  it('leaves the delays of a shared histogram there until a reader wants them', () => {
    const histogram = createHistogram()
    const history = new RuntimeHistory()
    const add = () => history.add({ ...sample(), delays: { histogram, offsetMs: 0 } })
    histogram.record(5e6)
    add()
    histogram.record(7e6)
    add()
    expect(histogram.count).to.equal(2)
    const { cursor } = history
    const [window, ...others] = history.since(cursor)
    expect(others).to.deep.equal([])
    expect(window!.count).to.equal(2)
    expect(window!.maxMs).to.be.closeTo(7, 0.01)
    expect(histogram.count).to.equal(0)
    // A second reader has them, too.
    expect(history.since(cursor)).to.deep.equal([window])
    expect(history.since(history.cursor)).to.deep.equal([])
  })
})

describe('probe of the runtime', () => {
  it('is silent until the app thread has sent a sample', () => {
    expect(look(createRuntimeProbe(new RuntimeHistory(), () => 0)).size).to.equal(0)
  })

  it('measures utilization between two looks, for each reader by itself', () => {
    const history = new RuntimeHistory()
    const [first, second] = [
      createRuntimeProbe(history, () => 0),
      createRuntimeProbe(history, () => 0),
    ]
    history.add(sample())
    look(first)
    look(second)
    history.add(sample({ loopActiveMs: 1_500, loopIdleMs: 9_500 }))
    expect(look(first).get('nodejs.eventloop.utilization')).to.equal(0.5)
    history.add(sample({ loopActiveMs: 1_500, loopIdleMs: 11_000 }))
    expect(look(first).get('nodejs.eventloop.utilization')).to.equal(0)
    expect(look(second).get('nodejs.eventloop.utilization')).to.equal(0.2)
  })

  it('counts a block that still lasts as busy, and never takes it back', () => {
    const history = new RuntimeHistory()
    let blockedMs = 0
    const probe = createRuntimeProbe(history, () => blockedMs)
    history.add(sample({ delays: windowOf([1, 2, 3]) }))
    look(probe)
    blockedMs = 4_000
    const values = look(probe)
    expect(values.get('nodejs.eventloop.utilization')).to.equal(1)
    expect(values.get('nodejs.eventloop.delay.max')).to.equal(4)
    expect(values.get('nodejs.eventloop.time active')).to.equal(5)
    blockedMs = 0
    expect(look(probe).get('nodejs.eventloop.time active')).to.equal(5)
  })

  it('gives the delays of all windows since the last look of that reader', () => {
    const history = new RuntimeHistory()
    const probe = createRuntimeProbe(history, () => 0)
    history.add(sample({ delays: windowOf([1, 500]) }))
    history.add(sample({ delays: windowOf([1, 2]) }))
    expect(look(probe).get('nodejs.eventloop.delay.max')).to.equal(0.5)
    history.add(sample({ delays: windowOf([1, 3]) }))
    expect(look(probe).get('nodejs.eventloop.delay.max')).to.equal(0.003)
  })

  it('keeps no more windows than ten minutes of them', () => {
    const history = new RuntimeHistory()
    for (let count = 0; count < 1_000; count++) history.add(sample({ delays: windowOf([count]) }))
    expect(history.since(0)).to.have.length(600)
    expect(history.since(history.cursor)).to.deep.equal([])
    expect(history.since(history.cursor - 1)[0]!.maxMs).to.equal(999)
  })

  it('tells a type of resource that is gone as none', () => {
    const history = new RuntimeHistory()
    const probe = createRuntimeProbe(history, () => 0)
    history.add(sample({ resources: { TCPSocketWrap: 3 } }))
    expect(look(probe).get('v8js.resource.active TCPSocketWrap')).to.equal(3)
    history.add(sample())
    expect(look(probe).get('v8js.resource.active TCPSocketWrap')).to.equal(0)
  })
})
