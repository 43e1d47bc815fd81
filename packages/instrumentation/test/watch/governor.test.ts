import { expect } from 'chai'
import { Governor } from '../../src/watch/governor.ts'
import { readThreadBytes } from '../../src/watch/thread-bytes.ts'
import { readThreadCpuSeconds } from '../../src/watch/thread-cpu.ts'

describe('governor', () => {
  let levels: number[]
  let governor: Governor
  let atMs: number
  let cpuSeconds: number
  let bytes: number

  beforeEach(() => {
    levels = []
    atMs = 0
    cpuSeconds = 0
    bytes = 10
    governor = new Governor({
      cpuShareMax: 0.05,
      bytesMax: 100,
      setLevel: (level) => levels.push(level),
      onStep: () => undefined,
    })
  })

  /** Lets so many seconds pass with the same use of the processor, looking every second. */
  function pass(seconds: number, share: number): void {
    for (let second = 0; second < seconds; second++) {
      atMs += 1000
      cpuSeconds += share
      governor.look(atMs, { cpuSeconds, bytes })
    }
  }

  it('lets the start be expensive', () => {
    pass(15, 0.9)
    pass(60, 0.01)
    expect(levels).to.deep.equal([])
  })

  it('stays where it is just within the budget', () => {
    pass(300, 0.049)
    expect(levels).to.deep.equal([])
  })

  it('steps down to the last level while it stays over the budget', () => {
    pass(300, 0.06)
    expect(levels).to.deep.equal([1, 2, 3])
  })

  it('does not step down for one bad moment', () => {
    pass(20, 0.01)
    pass(5, 0.5)
    pass(60, 0.01)
    expect(levels).to.deep.equal([])
  })

  it('steps up after a minute below half of the budget, and not before', () => {
    pass(32, 0.06)
    expect(levels).to.deep.equal([1])
    pass(300, 0.04)
    expect(levels).to.deep.equal([1])
    pass(55, 0.01)
    expect(levels).to.deep.equal([1])
    pass(15, 0.01)
    expect(levels).to.deep.equal([1, 0])
  })

  it('steps down for memory alone, and up when there is a quarter to spare', () => {
    pass(20, 0.01)
    bytes = 101
    pass(15, 0.01)
    expect(levels).to.deep.equal([1])
    bytes = 76
    pass(200, 0.01)
    expect(levels).to.deep.equal([1])
    bytes = 74
    pass(61, 0.01)
    expect(levels).to.deep.equal([1, 0])
  })

  it('goes no lower than the last level, and no higher than the first', () => {
    pass(600, 1)
    expect(governor.level).to.equal(3)
    pass(1200, 0)
    expect(levels).to.deep.equal([1, 2, 3, 2, 1, 0])
  })

  it('tells what was used when it steps', () => {
    const told: [number, number, number][] = []
    governor = new Governor({
      cpuShareMax: 0.05,
      bytesMax: 100,
      setLevel: () => undefined,
      onStep: (level, share, used) => told.push([level, Number(share.toFixed(3)), used]),
    })
    pass(32, 0.06)
    expect(told).to.deep.equal([[1, 0.06, 10]])
  })

  it('works with the real clocks: steps down while this thread is busy, and up when it rests', async () => {
    const real = new Governor({
      cpuShareMax: 0.2,
      bytesMax: 4 * 2 ** 30,
      setLevel: (level) => levels.push(level),
      onStep: () => undefined,
      windowMs: 60,
      warmUpMs: 60,
    })
    const look = () => {
      const used = { cpuSeconds: readThreadCpuSeconds()!, bytes: readThreadBytes() }
      real.look(performance.now(), used)
    }
    const endMs = performance.now() + 60_000
    while (levels.length < 3 && performance.now() < endMs) {
      const roundMs = performance.now() + 20
      while (performance.now() < roundMs);
      look()
    }
    expect(levels).to.deep.equal([1, 2, 3])
    while (levels.length < 4 && performance.now() < endMs) {
      await new Promise((resolve) => setTimeout(resolve, 20))
      look()
    }
    expect(levels).to.deep.equal([1, 2, 3, 2])
  })
})
