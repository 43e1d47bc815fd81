import { expect } from 'chai'
import type { CallShape } from '../../src/app/call-shape.ts'
import { type CallGroup, ownTimeOf, TimeSplit } from '../../src/app/time-split.ts'

function shape(kind: CallShape['kind'], target: string): CallShape {
  return {
    kind,
    target,
    shape: 'x',
    counted: true,
    spanName: '',
    spanKind: 2,
    scope: '',
    attributes: {},
  }
}

/** The groups of a split, in their order. */
function groupsOf(split: TimeSplit): CallGroup[] {
  const groups: CallGroup[] = []
  for (let group = split.firstGroup; group !== undefined; group = group.next) groups.push(group)
  return groups
}

/** A request that began when the clock stood at zero. */
function request(cpuMs: number) {
  return { cpuMs, startMs: 0, startIdleMs: 0 }
}

const db = shape('db', 'orders')
const http = shape('http', 'payment')

describe('the time of a request', () => {
  it('is the sum of its parts: waits, processor, loop and sleep', () => {
    const split = new TimeSplit()
    const query = split.start(db, 10, 2)!
    split.end(query, 40, 30)
    // 70 ms of its own: 5 on the processor, 42 - 28 = 14 idle, the rest behind others in the loop.
    const own = ownTimeOf(request(5), split, 100, 42)
    expect(groupsOf(split).map(({ waitMs }) => waitMs)).to.deep.equal([30])
    expect(own).to.deep.equal({ cpuMs: 5, otherMs: 14, eventloopMs: 51 })
  })

  it('is shared equally by calls that run at the same time', () => {
    const split = new TimeSplit()
    const query = split.start(db, 0, 0)!
    const first = split.start(http, 10, 0)!
    split.start(http, 10, 0)
    split.end(query, 40, 0)
    split.end(first, 60, 0)
    split.end(first, 70, 0)
    const own = ownTimeOf(request(0), split, 70, 0)
    expect(groupsOf(split).map(({ waitMs, count }) => [waitMs, count])).to.deep.equal([
      [20, 1],
      [50, 2],
    ])
    expect(own.cpuMs + own.eventloopMs + own.otherMs).to.equal(0)
  })

  it('ends with the request, also for calls that are still running', () => {
    const split = new TimeSplit()
    split.start(db, 5, 0)
    const own = ownTimeOf(request(0), split, 25, 20)
    expect(groupsOf(split)[0]!.waitMs).to.equal(20)
    expect(own).to.deep.equal({ cpuMs: 0, otherMs: 0, eventloopMs: 5 })
  })

  it('is its own where it made no calls', () => {
    const own = ownTimeOf(request(3), undefined, 10, 4)
    expect(own).to.deep.equal({ cpuMs: 3, otherMs: 4, eventloopMs: 3 })
  })

  it('is split by 64 shapes at most', () => {
    const split = new TimeSplit()
    for (let number = 0; number < 100; number++) split.start(shape('db', `${number}`), 0, 0)
    expect(groupsOf(split)).to.have.length(64)
  })
})
