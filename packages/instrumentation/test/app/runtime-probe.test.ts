import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'
import { expect } from 'chai'
import { eventually } from '../../../../tools/testing/eventually.ts'
import { startRuntimeProbe } from '../../src/app/runtime-probe.ts'
import { GC_SECONDS, type RuntimeSample } from '../../src/shared/runtime-sample.ts'
import { withOwnDelays } from '../../src/shared/take-delays.ts'
import { exposeGc } from './collections.ts'

function spin(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

describe('runtime probe of the app thread', () => {
  let samples: RuntimeSample[]
  let stop: () => void

  beforeEach(() => {
    samples = []
    stop = startRuntimeProbe({
      everyMs: 100,
      // As a worker thread does it.
      send: (sample) => samples.push(withOwnDelays(sample)),
      onError: (error) => {
        throw error
      },
    })
  })

  afterEach(() => stop())

  /** The newest sample, of at least so many from now on. */
  async function sampleAfter(count: number): Promise<RuntimeSample> {
    const wanted = samples.length + count
    await eventually(() => expect(samples.length).to.be.at.least(wanted))
    return samples.at(-1)!
  }

  it('does not count the interval of its own timer as delay', async () => {
    // It would be 10 ms at least, always; a busy machine adds as much now and then.
    await eventually(async () => {
      const { delays } = await sampleAfter(1)
      expect(delays!.percentiles.find(([percentile]) => percentile === 50)![1]).to.be.below(8)
    })
  })

  it('sees a block of 150 ms as a delay of 150 ms', async () => {
    await eventually(async () => {
      await sampleAfter(1)
      samples.length = 0
      spin(150)
      await sampleAfter(2)
      const worst = Math.max(...samples.map(({ delays }) => delays?.maxMs ?? 0))
      expect(worst).to.be.within(120, 200)
    })
  })

  it('counts the busy time of the loop', async () => {
    const first = await sampleAfter(1)
    const before = performance.eventLoopUtilization()
    spin(200)
    const last = await sampleAfter(2)
    const { active } = performance.eventLoopUtilization(before)
    expect(last.loopActiveMs - first.loopActiveMs).to.be.closeTo(active, 110)
    expect(last.loopActiveMs - first.loopActiveMs).to.be.at.least(200)
  })

  it('counts collections by kind, and the heap that a major one leaves', async () => {
    exposeGc()()
    let sample = await sampleAfter(1)
    await eventually(async () => {
      sample = await sampleAfter(1)
      const major = sample.gc.find(({ kind }) => kind === 'major')!
      expect(major.buckets).to.have.length(GC_SECONDS.length + 1)
      expect(major.buckets.reduce((sum, count) => sum + count, 0)).to.be.at.least(1)
      expect(major.sumSeconds).to.be.within(0.0001, 10)
    })
    const { heapFloorBytes } = sample
    expect(heapFloorBytes).to.be.closeTo(getHeapStatistics().used_heap_size, 20e6)
  })

  it('tells the heap by space, and its limit', async () => {
    const { heapSpaces, heapLimitBytes } = await sampleAfter(1)
    expect(heapSpaces.map(({ name }) => name)).to.deep.equal(
      getHeapSpaceStatistics().map(({ space_name }) => space_name),
    )
    expect(heapLimitBytes).to.equal(getHeapStatistics().heap_size_limit)
  })

  it('counts what keeps the loop alive', async () => {
    const timers = Array.from({ length: 5 }, () => setTimeout(() => {}, 60_000))
    const { resources } = await sampleAfter(2)
    expect(resources.Timeout).to.be.at.least(5)
    for (const timer of timers) clearTimeout(timer)
  })
})
