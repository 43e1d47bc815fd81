import type { Profiler } from 'node:inspector'
import { mock } from 'node:test'
import { expect } from 'chai'
import {
  ASKED,
  BEAT_AT,
  BEAT_RAN,
  BEATS,
  createSharedMemory,
  type SharedMemory,
} from '../../../src/shared/memory-layout.ts'
import type { MainThreadState } from '../../../src/watch/probes/run-queue.ts'
import type { MainThreadProfile } from '../../../src/watch/stall/main-thread-profiler.ts'
import type { Stack } from '../../../src/watch/stall/paused-stack.ts'
import { type Stall, StallWatch } from '../../../src/watch/stall/stall-watch.ts'

const HEARTBEAT_MS = 20

/** A profile in which one function ran all the time, from `startMs` on, sampled once a millisecond. */
function profileOf(functionName: string, startMs: number, samples: number): Profiler.Profile {
  return {
    startTime: startMs * 1000,
    endTime: (startMs + samples) * 1000,
    nodes: [
      {
        id: 1,
        callFrame: {
          functionName,
          scriptId: '1',
          url: 'file:///app/cart.js',
          lineNumber: 11,
          columnNumber: 0,
        },
      },
    ],
    samples: Array.from({ length: samples }, () => 1),
    timeDeltas: Array.from({ length: samples }, () => 1000),
  }
}

describe('stall watch', () => {
  let memory: SharedMemory
  let nowMs: number
  let watch: StallWatch
  let named: Stall[]
  let ended: Stall[]
  let errors: unknown[]
  let profile: () => MainThreadProfile
  let stack: Stack | undefined
  let debugged: boolean
  let appThread: MainThreadState | undefined
  let awakeMs: number
  /** What was asked of the system. */
  let reads: number

  beforeEach(() => {
    memory = createSharedMemory()
    nowMs = 10_000
    named = []
    ended = []
    errors = []
    stack = undefined
    debugged = false
    appThread = undefined
    awakeMs = 500
    reads = 0
    profile = () => ({
      started: Promise.resolve(),
      stop: async () => profileOf('renderCart', nowMs - 50, 100),
      readStack: async () => stack,
      close: () => undefined,
    })
    watch = startWatch()
    // The test beats and ticks by itself; the timer never comes first, for the test does not wait so long.
    memory.clock[BEATS] = 4
    memory.clock[BEAT_AT] = nowMs
    beat()
    watch.tick()
  })

  afterEach(() => watch.close())

  const startWatch = () =>
    new StallWatch({
      memory,
      heartbeatMs: HEARTBEAT_MS,
      thresholdMs: 200,
      profile: () => profile(),
      mayProfile: () => true,
      mayPause: () => !debugged,
      now: () => nowMs,
      appThread: () => {
        reads++
        return appThread
      },
      awakeMs: () => {
        reads++
        return awakeMs
      },
      onNamed: (stall) => named.push(stall),
      onEnd: (stall) => ended.push(stall),
      onError: (error) => errors.push(error),
    })

  /** As the app thread does it, which tells each gap when it is over. */
  function beat(cpuMs = 0): void {
    const startMs = memory.clock[BEAT_AT]!
    memory.clock[BEATS]! += 1
    memory.clock[BEAT_AT] = nowMs
    void watch.beatAgain({ startMs, endMs: nowMs, cpuMs })
  }

  /** Lets time pass in steps as the timer would. */
  function pass(ms: number): void {
    for (let left = ms; left > 0; left -= 50) {
      nowMs += 50
      watch.tick()
    }
  }

  const settle = () => new Promise((resolve) => setTimeout(resolve, 30))

  it('sees nothing while the heart beats', () => {
    for (let turn = 0; turn < 20; turn++) {
      pass(50)
      beat()
    }
    expect(watch.blockedMs).to.equal(0)
    expect(ended).to.deep.equal([])
  })

  it('stays quiet just below the threshold', () => {
    pass(200)
    expect(watch.blockedMs).to.equal(0)
  })

  it('looks when the threshold is reached, and not at its next turn only', () => {
    mock.timers.enable({ apis: ['setInterval', 'setTimeout'] })
    const inTime = startWatch()
    try {
      inTime.tick()
      for (const stepMs of [50, 50, 50, 40]) {
        nowMs += stepMs
        inTime.tick()
      }
      nowMs += 30
      mock.timers.tick(29)
      expect(inTime.blockedMs).to.equal(0)
      mock.timers.tick(1)
      expect(inTime.blockedMs).to.equal(200)
    } finally {
      void inTime.close()
      mock.timers.reset()
    }
  })

  it('names a stall just above it, and times it to its end', async () => {
    pass(250)
    expect(watch.blockedMs).to.equal(230)
    await settle()
    nowMs += 150
    awakeMs += 150
    await settle()
    expect(named).to.have.length(1)
    expect(named[0]!.frames).to.deep.equal([
      {
        function: 'renderCart',
        file: '/app/cart.js',
        line: 12,
        column: 1,
        share: 1,
        callee: '',
        hotLine: 0,
        oneLine: true,
      },
    ])
    beat()
    nowMs += 30
    watch.tick()
    await settle()
    expect(ended).to.have.length(1)
    expect(ended[0]).to.deep.include({ durationMs: 380, frames: named[0]!.frames })
    expect(watch.blockedMs).to.equal(0)
  })

  it('records a stall that no look of its own has seen', async () => {
    nowMs += 700
    awakeMs += 690
    beat()
    await settle()
    expect(ended).to.deep.equal([{ durationMs: 680, frames: [] }])
  })

  describe('where the system tells of the thread', () => {
    const state = (ranMs: number, isAsleep = false) => ({ ranMs, isAsleep })

    beforeEach(() => {
      appThread = state(5_000)
      beat()
      watch.tick()
    })

    /** A gap of so many ms, of which this thread notices the end only. */
    async function gap(ms: number, cpuMs: number): Promise<void> {
      nowMs += ms + HEARTBEAT_MS
      awakeMs += ms
      beat(cpuMs)
      await settle()
    }

    it('records a block whose code had half of the threshold for itself, in a long gap', async () => {
      await gap(2_000, 100)
      expect(ended).to.deep.equal([{ durationMs: 2_000, frames: [] }])
    })

    it('blames the machine for a gap in which the code had less than that', async () => {
      await gap(2_000, 99)
      expect(ended).to.deep.equal([])
    })

    it('asks the system for the processor time where Node cannot tell it', async () => {
      appThread = state(5_100)
      await gap(500, 0)
      expect(ended).to.have.length(1)
      watch.tick()
      appThread = state(5_199)
      await gap(500, 0)
      expect(ended).to.have.length(1)
    })

    /** Looks after so many ms more, at a thread that sleeps. */
    function lookAsleep(ms: number): void {
      nowMs += ms
      awakeMs += ms
      appThread = state(5_000, true)
      watch.tick()
      appThread = state(5_000)
    }

    it('asks the system nothing while the heart beats and says how long the thread has run', () => {
      for (let turn = 0; turn < 15; turn++) {
        nowMs += 40
        memory.clock[BEAT_RAN] = 5_000 + turn
        beat()
        nowMs += 10
        reads = 0
        watch.tick()
        expect(reads).to.equal(0)
      }
    })

    it('reckons from what the thread said at its last heartbeat', async () => {
      memory.clock[BEAT_RAN] = 5_050
      beat()
      watch.tick()
      appThread = state(5_149)
      await gap(500, 0)
      expect(ended).to.deep.equal([])
      watch.tick()
      appThread = state(5_151)
      await gap(500, 0)
      expect(ended).to.have.length(1)
    })

    it('records a block in a call that sleeps, from when the heartbeat is due', async () => {
      lookAsleep(5)
      lookAsleep(65)
      lookAsleep(50)
      await gap(500, 0)
      expect(ended, '100 ms asleep').to.have.length(1)
    })

    it('does not count as sleep what came before the heartbeat was due', async () => {
      lookAsleep(20)
      lookAsleep(99)
      await gap(500, 0)
      expect(ended).to.deep.equal([])
    })

    it('does not take the wait for a processor for a stall, until the code has run enough', () => {
      pass(450)
      expect(watch.blockedMs).to.equal(0)
      appThread = state(5_100)
      pass(50)
      expect(watch.blockedMs).to.equal(480)
    })
  })

  it('lets go of the app thread when it ends, without a word', async () => {
    let fail = (_error: Error) => {}
    profile = () => ({
      started: new Promise((_resolve, reject) => {
        fail = reject
      }),
      stop: async () => profileOf('never', nowMs, 1),
      readStack: async () => undefined,
      close: () => fail(new Error('Session was closed')),
    })
    pass(300)
    beat()
    await watch.close()
    expect(ended).to.deep.equal([{ durationMs: 280, frames: [] }])
    expect(errors).to.deep.equal([])
  })

  it('does not blame what ran after the stall', async () => {
    let release = () => {}
    profile = () => ({
      started: new Promise((resolve) => {
        release = () => resolve(undefined)
      }),
      stop: async () => profileOf('innocent', nowMs, 100),
      readStack: async () => stack,
      close: () => undefined,
    })
    pass(300)
    beat()
    nowMs += 10
    watch.tick()
    release()
    await settle()
    expect(named).to.deep.equal([])
    expect(ended).to.deep.equal([{ durationMs: 280, frames: [] }])
  })

  it('does not blame what it saw in the last moment only', async () => {
    profile = () => ({
      started: Promise.resolve(),
      stop: async () => profileOf('innocent', nowMs - 19, 100),
      readStack: async () => stack,
      close: () => undefined,
    })
    pass(250)
    await settle()
    nowMs += 150
    awakeMs += 150
    await settle()
    beat()
    await settle()
    expect(named).to.deep.equal([])
    expect(ended).to.deep.equal([{ durationMs: 380, frames: [] }])
  })

  it('times a stall whose profile fails', async () => {
    profile = () => {
      throw new Error('Access to this API has been restricted')
    }
    pass(300)
    beat()
    watch.tick()
    await settle()
    expect(ended).to.deep.equal([{ durationMs: 280, frames: [] }])
    expect(errors).to.have.length(1)
  })

  describe('of a loop that the profiler does not know', () => {
    const caller = { function: 'renderCart', file: '/app/cart.js', line: 12, column: 1 }
    const loop = { function: 'priceAll', file: '/app/prices.js', line: 3, column: 9 }

    beforeEach(() => {
      profile = () => ({
        started: Promise.resolve(),
        stop: async () => {
          const whole = profileOf('renderCart', nowMs - 50, 100)
          whole.nodes[0]!.positionTicks = [{ line: 14, ticks: 100 }]
          return whole
        },
        readStack: async (isStillWanted) => (isStillWanted() ? stack : undefined),
        close: () => undefined,
      })
      stack = [loop, caller]
    })

    it('names the function that the thread itself says is running', async () => {
      pass(250)
      await settle()
      nowMs += 150
      await settle()
      expect(named[0]!.frames).to.deep.equal([
        { ...loop, share: 1, callee: '', hotLine: 0, oneLine: true },
      ])
    })

    it('does not pause a thread that somebody debugs', async () => {
      debugged = true
      pass(250)
      await settle()
      nowMs += 150
      await settle()
      expect(named[0]!.frames[0]!.function).to.equal('renderCart')
    })
  })

  it('does not take a suspended process for a stall', async () => {
    nowMs += 60_000
    watch.tick()
    expect(watch.blockedMs).to.equal(0)
    beat()
    pass(50)
    await settle()
    expect(ended).to.deep.equal([])
  })

  it('sees a stall that began and ended while it was held up itself', async () => {
    nowMs += 400
    awakeMs += 390
    beat()
    watch.tick()
    await settle()
    expect(ended).to.deep.equal([{ durationMs: 380, frames: [] }])
  })

  it('does not take the wait for its own flush for a stall', () => {
    Atomics.add(memory.control, ASKED, 1)
    pass(450)
    expect(watch.blockedMs).to.equal(0)
  })
})
