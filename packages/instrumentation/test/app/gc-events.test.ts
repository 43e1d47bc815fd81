import { expect } from 'chai'
import { GcEvents, type TraceEvent } from '../../src/app/gc-events.ts'
import { GcTally } from '../../src/app/gc-tally.ts'
import { counted } from './collections.ts'

const MAIN = 7
const OTHER = 8

function event(name: string, ph: string, ts: number, more: Partial<TraceEvent> = {}): TraceEvent {
  return { name, ph, ts, tid: MAIN, args: {}, ...more }
}

const NAMES = [
  event('thread_name', 'M', 0, { tid: OTHER, args: { name: 'WorkerThread' } }),
  event('thread_name', 'M', 0, { args: { name: 'JavaScriptMainThread' } }),
]

describe("V8's events of garbage collections", () => {
  let tally: GcTally
  let events: GcEvents

  beforeEach(() => {
    tally = new GcTally()
    events = new GcEvents(tally)
  })

  it('are paired, by the thread that they are of', () => {
    events.read([
      event('MinorGC', 'B', 1000),
      event('MinorGC', 'B', 1100, { tid: OTHER }),
      event('V8.GCScavenger', 'X', 1010, { dur: 400 }),
      event('MinorGC', 'E', 1500),
      event('MinorGC', 'E', 9000, { tid: OTHER }),
      ...NAMES,
    ])
    expect(counted(tally)).to.deep.equal({ minor: [1, 0.0005] })
  })

  it('may begin in one part of the trace and end in the next', () => {
    events.read([...NAMES, event('MajorGC', 'B', 1000)])
    events.read([event('MajorGC', 'E', 6000, { args: { usedHeapSizeAfter: 4e6 } })])
    expect(counted(tally)).to.deep.equal({ major: [1, 0.005] })
    expect(tally.heapFloorBytes).to.equal(4e6)
  })

  it('are left out when they began before the trace', () => {
    events.read([...NAMES, event('MajorGC', 'E', 6000), event('MajorGC', 'E', 7000)])
    expect(counted(tally)).to.deep.equal({})
  })

  it('tell of incremental marking and of weak callbacks, which are no major collection', () => {
    events.read([
      ...NAMES,
      event('V8.GCIncrementalMarkingStart', 'X', 1000, { dur: 300 }),
      event('MajorGC', 'B', 2000, { args: { type: 'invoke weak phantom callbacks' } }),
      event('V8.GCPhantomHandleProcessingCallback', 'X', 2010, { dur: 20 }),
      event('MajorGC', 'E', 2040, { args: { usedHeapSizeAfter: 4e6 } }),
    ])
    expect(counted(tally)).to.deep.equal({ incremental: [1, 0.0003], weakcb: [1, 0.00002] })
    expect(tally.heapFloorBytes).to.equal(undefined)
  })
})
