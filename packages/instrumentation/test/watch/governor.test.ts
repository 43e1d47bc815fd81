import { expect } from 'chai'
import { Governor } from '../../src/watch/governor.ts'

describe('governor', () => {
  let levels: number[]
  let governor: Governor
  let atMs: number
  let cpuSeconds: number

  beforeEach(() => {
    levels = []
    atMs = 0
    cpuSeconds = 0
    governor = new Governor({
      cpuShareMax: 0.05,
      setLevel: (level) => levels.push(level),
      onStep: () => undefined,
    })
  })

  /** Lets so many seconds pass with the same use of the processor, looking every second. */
  function pass(seconds: number, share: number): void {
    for (let second = 0; second < seconds; second++) {
      atMs += 1000
      cpuSeconds += share
      governor.look(atMs, cpuSeconds)
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
})
