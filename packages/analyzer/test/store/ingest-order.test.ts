import { expect } from 'chai'
import { IngestOrder, runAtOnce, type Steps } from '../../src/store/ingest-order.ts'
import { NOW_MS, openStores } from './open-stores.ts'
import { gauge, request } from './otlp-bytes.ts'

/** Work of so many steps that keep the thread busy for a time each. */
function* busySteps(name: string, steps: number, stepMs: number, done: string[]): Steps<string> {
  for (let i = 0; i < steps; i++) {
    const untilMs = performance.now() + stepMs
    while (performance.now() < untilMs);
    yield
  }
  done.push(name)
  return name
}

/** Counts the turns of the event loop until stopped. */
function countTurns(): () => number {
  let turns = 0
  let next = setImmediate(function count() {
    turns++
    next = setImmediate(count)
  })
  return () => {
    clearImmediate(next)
    return turns
  }
}

describe('the order of ingest', () => {
  it('does short work before it returns', async () => {
    const done: string[] = []
    const result = new IngestOrder().run(busySteps('a', 1, 0, done))
    expect(done).to.deep.equal(['a'])
    expect(await result).to.equal('a')
  })

  it('lets the event loop in during long work, and does what waits behind it in order', async () => {
    const order = new IngestOrder()
    const done: string[] = []
    const stop = countTurns()
    const works = ['long', 'b', 'c', 'd'].map((name, i) =>
      order.run(busySteps(name, i === 0 ? 20 : 1, 3, done)),
    )
    await Promise.all(works)
    expect(done).to.deep.equal(['long', 'b', 'c', 'd'])
    // 69 ms of work in slices of 5 ms, which a step may lengthen by 3 ms.
    expect(stop()).to.be.at.least(5)
  })

  it('lets the event loop in between many short works that come at once', async () => {
    const order = new IngestOrder()
    const done: string[] = []
    const stop = countTurns()
    const names = Array.from({ length: 20 }, (_, i) => String(i))
    await Promise.all(names.map((name) => order.run(busySteps(name, 1, 3, done))))
    expect(done).to.deep.equal(names)
    expect(stop()).to.be.at.least(4)
  })

  it('goes on after work that throws', async () => {
    const order = new IngestOrder()
    const done: string[] = []
    function* failing(): Steps<void> {
      yield* busySteps('x', 5, 3, done)
      throw new RangeError('no')
    }
    const failed = order.run(failing()).catch((error: unknown) => error)
    const next = order.run(busySteps('y', 1, 0, done))
    expect(await failed).to.be.instanceOf(RangeError)
    expect(await next).to.equal('y')
    expect(runAtOnce(busySteps('z', 3, 0, done))).to.equal('z')
  })

  it('stores a request of many new series in steps, and whole', async () => {
    const points = 20_000
    const metrics = Array.from({ length: points / 10 }, (_, i) =>
      gauge(`g${i}`, ...Array.from({ length: 10 }, (_, j) => [NOW_MS - j, i] as const).reverse()),
    )
    const stores = await openStores({ clock: 'wall' })
    const stop = countTurns()
    const behind = stores.ingest('a', request([gauge('g0', [NOW_MS + 1, 7])]), 'protobuf')
    const long = stores.ingest('a', request(metrics), 'protobuf')
    const last = stores.ingest('a', request([gauge('g1999', [NOW_MS + 1, 7])]), 'protobuf')
    expect((await long).accepted).to.equal(points)
    expect(stop()).to.be.at.least(2)
    expect([(await behind).accepted, (await last).accepted]).to.deep.equal([1, 1])
    expect(stores.tenant('a').seriesCount()).to.equal(points / 10)
  })
})
