import { once } from 'node:events'
import { createHistogram } from 'node:perf_hooks'
import { MessageChannel } from 'node:worker_threads'
import { expect } from 'chai'
import type { SharedDelays } from '../../src/shared/runtime-sample.ts'
import { takeDelays } from '../../src/shared/take-delays.ts'

describe('delays of the event loop', () => {
  it('are taken by another thread out of the histogram that both share', async () => {
    const histogram = createHistogram()
    for (const ms of [5, 6, 7, 30]) histogram.record(ms * 1e6)
    const { port1, port2 } = new MessageChannel()
    port1.postMessage({ histogram, offsetMs: 4 } satisfies SharedDelays)
    const [received] = (await once(port2, 'message')) as [SharedDelays]
    port1.close()
    const taken = takeDelays(received)!
    expect(taken.count).to.equal(4)
    expect(taken.minMs).to.be.closeTo(1, 0.05)
    expect(taken.maxMs).to.be.closeTo(26, 0.05)
    expect(taken.meanMs).to.be.closeTo(8, 0.05)
    expect(taken.stddevMs).to.be.closeTo(10.416, 0.05)
    expect(new Map(taken.percentiles).get(50)).to.be.closeTo(2, 0.05)
    expect(histogram.count, 'what is left in the thread that records').to.equal(0)
    expect(takeDelays(received)).to.equal(undefined)
  })
})
