import { expect } from 'chai'
import { TimeBudget } from '../../src/rules/time-budget.ts'

describe('time budget', () => {
  it('has room for a burst and then only for its share of the time', () => {
    const budget = new TimeBudget(0.25)
    let spentMs = 0
    for (let nowMs = 0; nowMs < 60_000; nowMs++) {
      while (budget.hasRoom(nowMs)) {
        budget.spend(1)
        spentMs++
      }
    }
    expect(spentMs).to.be.within(15_000, 15_251)
  })

  it('earns nothing from a clock that is set back and forth', () => {
    const budget = new TimeBudget(0.25)
    budget.hasRoom(1000)
    budget.spend(300)
    for (let i = 0; i < 100; i++) {
      expect(budget.hasRoom(0)).to.equal(false)
      expect(budget.hasRoom(1000)).to.equal(false)
    }
    expect(budget.hasRoom(1300)).to.equal(true)
  })
})
