import { expect } from 'chai'
import { createProfileBudget } from '../../../src/watch/stall/profile-budget.ts'

describe('profile budget', () => {
  it('allows ten at once, and then one each five seconds', () => {
    let nowMs = 1_000
    const mayProfile = createProfileBudget(() => nowMs)
    const allowed = () => Array.from({ length: 20 }, mayProfile).filter(Boolean).length
    expect(allowed()).to.equal(10)
    nowMs += 4_999
    expect(allowed()).to.equal(0)
    nowMs += 1
    expect(allowed()).to.equal(1)
    nowMs += 12_000
    expect(allowed()).to.equal(2)
    nowMs += 3_000
    expect(allowed(), 'the part of a turn that was left counts').to.equal(1)
  })

  it('never saves up more than ten', () => {
    let nowMs = 0
    const mayProfile = createProfileBudget(() => nowMs)
    nowMs = 3_600_000
    expect(Array.from({ length: 20 }, mayProfile).filter(Boolean)).to.have.length(10)
  })
})
