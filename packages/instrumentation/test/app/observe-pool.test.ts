import { expect } from 'chai'
import { observePool } from '../../src/app/observe-pool.ts'
import { ObservedPools } from '../../src/app/observed-pools.ts'
import { agent } from './pool-agent.ts'

describe('a pool that the app observes', () => {
  it('before an agent runs is shown from the moment that one does', async () => {
    const pools = new ObservedPools()
    const reading = { idle: 1, used: 2, pending: 3, limit: 4 }
    const pool = pools.add({ name: 'mine', read: () => reading })
    expect(await pool.acquire(async () => 'connection')).to.equal('connection')
    const { parts, shown } = agent()
    pools.connect(parts)
    const connection = {}
    expect(await pool.acquire(async () => connection)).to.equal(connection)
    pool.released(connection)
    pool.released(connection)
    expect(shown()).to.deep.equal({
      'count idle': 1,
      'count used': 2,
      pending_requests: 3,
      limit: 4,
      wait_time: 1,
      use_time: 1,
      timeouts: 0,
    })
    pool.stop()
    expect(shown()).to.include({ 'count idle': 0, 'count used': 0, pending_requests: 0, limit: 0 })
  })

  it('tells a limit only when it has one', () => {
    const pools = new ObservedPools()
    const { parts, shown } = agent()
    pools.connect(parts)
    pools.add({ name: 'mine', read: () => ({ idle: 0, used: 1 }) })
    expect(shown()).to.not.have.property('limit')
  })

  it('and whose reader fails is told once and asked no more', () => {
    const pools = new ObservedPools()
    const { parts, shown, errors } = agent()
    pools.connect(parts)
    pools.add({
      name: 'mine',
      read: () => {
        throw new Error('no state')
      },
    })
    shown()
    shown()
    expect(errors).to.have.length(1)
  })

  it('fails as it fails without us, and a wait that was too long counts', async () => {
    const pools = new ObservedPools()
    const { parts, shown } = agent()
    pools.connect(parts)
    const pool = pools.add({ name: 'mine', read: () => ({ idle: 0, used: 0 }) })
    const late = new Error('ResourceRequest timed out')
    expect(await pool.acquire(() => Promise.reject(late)).catch((error) => error)).to.equal(late)
    expect(shown()).to.include({ timeouts: 1, wait_time: 1 })
  })

  it('must be a pool', () => {
    expect(() => observePool({}, { name: 'mine' })).to.throw(
      TypeError,
      'cannot observe pool mine: it is none of generic-pool or tarn; give a function that reads its state',
    )
  })
})
