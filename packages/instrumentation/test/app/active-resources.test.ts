import { expect } from 'chai'
import { ActiveResources } from '../../src/app/active-resources.ts'

describe('active resources', () => {
  /** A list whose making takes some ms of a clock of its own. */
  function resourcesThatTake(ms: number) {
    const state = { nowMs: 0, types: ['TCPSocketWrap', 'Timeout', 'TCPSocketWrap'] }
    const resources = new ActiveResources(
      () => {
        state.nowMs += ms
        return state.types
      },
      () => state.nowMs,
    )
    return { resources, state }
  }

  it('are counted by type', () => {
    const { resources } = resourcesThatTake(0)
    expect(resources.counts()).to.deep.equal({ TCPSocketWrap: 2, Timeout: 1 })
  })

  it('are counted at each look while that is cheap', () => {
    const { resources, state } = resourcesThatTake(0.02)
    resources.counts()
    state.types = ['Timeout']
    state.nowMs += 1000
    expect(resources.counts()).to.deep.equal({ Timeout: 1 })
  })

  it('are counted for a two thousandth of the time when there are very many', () => {
    const { resources, state } = resourcesThatTake(2)
    resources.counts()
    state.types = []
    state.nowMs += 3900
    expect(resources.counts()).to.deep.equal({ TCPSocketWrap: 2, Timeout: 1 })
    state.nowMs += 200
    expect(resources.counts()).to.deep.equal({})
  })

  it('are of so many types at most', () => {
    const types = Array.from({ length: 100 }, (_, index) => `Type${index}`)
    const resources = new ActiveResources(() => [...types, 'Type0'])
    const counts = resources.counts()
    expect(Object.keys(counts)).to.have.length(64)
    expect(counts.Type0).to.equal(2)
  })
})
