import { expect } from 'chai'
import { createTurns } from '../src/turns.ts'

describe('turns', () => {
  it('let what comes in be served after a few milliseconds, however long the work is', async () => {
    let watchMs = 0
    const turns = createTurns(() => watchMs)
    const order: string[] = []
    function* work(name: string) {
      for (let i = 0; i < 3; i++) {
        watchMs += 4
        order.push(`${name}${i}`)
        yield
      }
      return name
    }
    const done = Promise.all([turns.run(work('a')), turns.run(work('b'))])
    setImmediate(() => order.push('request'))
    expect(await done).to.deep.equal(['a', 'b'])
    // A turn is 5 ms: two steps of 4 ms, then whoever waits.
    expect(order).to.deep.equal(['a0', 'a1', 'request', 'b0', 'b1', 'a2', 'b2'])
  })

  it('stay one each time round, when a task begins another', async () => {
    let watchMs = 0
    const turns = createTurns(() => watchMs)
    const order: string[] = []
    let inner: Promise<string> | undefined
    function* work(name: string) {
      for (let i = 0; i < 4; i++) {
        watchMs += 6
        order.push(`${name}${i}`)
        setImmediate(() => order.push('request'))
        if (name === 'outer' && i === 0) inner = turns.run(work('inner'))
        yield
      }
      return name
    }
    await turns.run(work('outer'))
    await inner
    const steps = order.filter((entry) => entry !== 'request')
    // Each step fills a turn, and what came in during it is served before the next.
    expect(order).to.deep.equal(steps.flatMap((step) => [step, 'request']).slice(0, order.length))
  })

  it('end a task that fails, and no other', async () => {
    const turns = createTurns()
    // biome-ignore lint/correctness/useYield: it fails at once
    function* broken(): Generator<void, string> {
      throw new Error('broken')
    }
    function* whole() {
      yield
      return 'whole'
    }
    const [first, second] = await Promise.allSettled([turns.run(broken()), turns.run(whole())])
    expect(first).to.have.property('reason').with.property('message', 'broken')
    expect(second).to.deep.equal({ status: 'fulfilled', value: 'whole' })
  })
})
