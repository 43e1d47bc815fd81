import { getHeapSpaceStatistics, getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { startRuntimeProbe } from '../../src/app/runtime-probe.ts'
import { GC_SECONDS, type RuntimeSample } from '../../src/shared/runtime-sample.ts'

function spin(ms: number): void {
  const end = performance.now() + ms
  while (performance.now() < end);
}

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

describe('runtime probe of the app thread', () => {
  let samples: RuntimeSample[]
  let stop: () => void

  beforeEach(() => {
    samples = []
    stop = startRuntimeProbe({
      everyMs: 100,
      send: (sample) => samples.push(sample),
      onError: (error) => {
        throw error
      },
    })
  })

  afterEach(() => stop())

  it('does not count the interval of its own timer as delay', async () => {
    await wait(400)
    const { delays } = samples.at(-1)!
    expect(delays!.percentiles.find(([percentile]) => percentile === 50)![1]).to.be.below(8)
  })

  it('sees a block of 150 ms as a delay of 150 ms', async () => {
    await wait(150)
    samples.length = 0
    spin(150)
    await wait(250)
    const worst = Math.max(...samples.map(({ delays }) => delays?.maxMs ?? 0))
    expect(worst).to.be.within(120, 200)
  })

  it('counts the busy time of the loop', async () => {
    await wait(150)
    const before = performance.eventLoopUtilization()
    const first = samples.at(-1)!
    spin(200)
    await wait(250)
    const last = samples.at(-1)!
    const { active } = performance.eventLoopUtilization(before)
    expect(last.loopActiveMs - first.loopActiveMs).to.be.closeTo(active, 110)
    expect(last.loopActiveMs - first.loopActiveMs).to.be.at.least(200)
  })

  it('counts collections by kind, and the heap that a major one leaves', async () => {
    setFlagsFromString('--expose-gc')
    const gc = runInNewContext('gc') as () => void
    gc()
    await wait(250)
    const { gc: kinds, heapFloorBytes } = samples.at(-1)!
    const major = kinds.find(({ kind }) => kind === 'major')!
    expect(major.buckets).to.have.length(GC_SECONDS.length + 1)
    expect(major.buckets.reduce((sum, count) => sum + count, 0)).to.be.at.least(1)
    expect(major.sumSeconds).to.be.within(0.0001, 1)
    expect(heapFloorBytes).to.be.closeTo(getHeapStatistics().used_heap_size, 20e6)
  })

  it('tells the heap by space, and its limit', async () => {
    await wait(150)
    const { heapSpaces, heapLimitBytes } = samples.at(-1)!
    expect(heapSpaces.map(({ name }) => name)).to.deep.equal(
      getHeapSpaceStatistics().map(({ space_name }) => space_name),
    )
    expect(heapLimitBytes).to.equal(getHeapStatistics().heap_size_limit)
  })

  it('counts what keeps the loop alive', async () => {
    const timers = Array.from({ length: 5 }, () => setTimeout(() => {}, 60_000))
    await wait(150)
    expect(samples.at(-1)!.resources.Timeout).to.be.at.least(5)
    for (const timer of timers) clearTimeout(timer)
  })
})
