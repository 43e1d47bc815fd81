import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { getHeapStatistics } from 'node:v8'
import { Worker } from 'node:worker_threads'
import { expect } from 'chai'
import { eventually } from '../../../../tools/testing/eventually.ts'
import { GcTally } from '../../src/app/gc-tally.ts'
import { GcTrace } from '../../src/app/gc-trace.ts'
import { GcWatch } from '../../src/app/gc-watch.ts'
import { counted, exposeGc } from './collections.ts'

const WATCH_FILE = pathToFileURL(join(import.meta.dirname, '../../src/app/gc-watch.ts')).href

interface Observed {
  readonly detail: { readonly kind: number }
  readonly duration: number
}

const { NODE_PERFORMANCE_GC_MINOR: MINOR, NODE_PERFORMANCE_GC_MAJOR: MAJOR } = constants

function countOf(tally: GcTally, kind: string): number {
  return counted(tally)[kind]?.[0] ?? 0
}

function secondsOf(tally: GcTally, kind: string): number {
  return counted(tally)[kind]?.[1] ?? 0
}

/** What Node itself observes meanwhile, as a second source. */
class Reference {
  readonly #seen: { readonly kind: number; readonly seconds: number }[] = []
  readonly #observer = new PerformanceObserver((list) => {
    for (const { detail, duration } of list.getEntries() as unknown as readonly Observed[]) {
      this.#seen.push({ kind: detail.kind, seconds: duration / 1000 })
    }
  })

  constructor() {
    this.#observer.observe({ type: 'gc' })
  }

  count(kind: number): number {
    return this.#seen.filter((seen) => seen.kind === kind).length
  }

  seconds(kind: number): number {
    return this.#seen.reduce((sum, seen) => sum + (seen.kind === kind ? seen.seconds : 0), 0)
  }

  close(): void {
    this.#observer.disconnect()
  }
}

function fail(error: unknown): never {
  throw error
}

/** Two turns of the loop: what has been collected before them has been observed after them. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve))
}

describe("garbage collections by V8's trace", () => {
  const collect = exposeGc()
  let reference: Reference

  beforeEach(async () => {
    // In a heap that was not, V8 now and then does 59 of 60 minor collections that it is asked for.
    collect()
    // What was collected before is not observed any more then.
    await turns()
    reference = new Reference()
  })

  afterEach(() => reference.close())

  it('counts and times what Node observes, by kind', async () => {
    const tally = new GcTally()
    const trace = new GcTrace(tally)
    for (let round = 0; round < 3; round++) {
      for (let index = 0; index < 20; index++) collect({ type: 'minor' })
      collect({ type: 'major' })
      trace.take()
    }
    trace.close()
    await turns()
    expect(countOf(tally, 'minor')).to.equal(reference.count(MINOR)).and.to.be.at.least(60)
    expect(countOf(tally, 'major')).to.equal(reference.count(MAJOR)).and.to.be.at.least(3)
    // Each side rounds, and begins and ends where it does.
    expect(secondsOf(tally, 'minor')).to.be.closeTo(reference.seconds(MINOR), 0.01)
    expect(secondsOf(tally, 'major')).to.be.closeTo(reference.seconds(MAJOR), 0.01)
    expect(tally.heapFloorBytes).to.be.closeTo(getHeapStatistics().used_heap_size, 20e6)
  })

  it('leaves out what other threads collect', async () => {
    const tally = new GcTally()
    const trace = new GcTrace(tally)
    const worker = new Worker(
      `require('v8').setFlagsFromString('--expose-gc')
       const collect = require('vm').runInNewContext('gc')
       for (let index = 0; index < 500; index++) collect({ type: 'minor' })`,
      { eval: true },
    )
    await new Promise((resolve) => worker.once('exit', resolve))
    trace.close()
    await turns()
    expect(countOf(tally, 'minor')).to.equal(reference.count(MINOR)).and.to.be.below(250)
  })

  it('leaves the trace of an app that has one alone', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'chokepoint-trace-'))
    const script = `
      import { GcWatch } from ${JSON.stringify(WATCH_FILE)}
      import { getEnabledCategories } from 'node:trace_events'
      const watch = new GcWatch({ onError: console.error, traceAfterMs: 1 })
      setTimeout(() => {
        gc({ type: 'minor' })
        setTimeout(() => {
          console.log(getEnabledCategories(), watch.tally.counts().map(({ kind }) => kind).join())
        }, 20)
      }, 20)`
    const flags = ['--expose-gc', '--trace-event-categories', 'node.perf', '--no-warnings']
    try {
      const { stdout } = await promisify(execFile)(
        process.execPath,
        [...flags, '--input-type', 'module', '--eval', script],
        { cwd: folder },
      )
      expect(stdout).to.match(/^node\.perf .*minor/)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('are not counted in a worker thread, of which nobody tells them', async () => {
    const worker = new Worker(
      `const { GcWatch } = await import(${JSON.stringify(WATCH_FILE)})
       const watch = new GcWatch({ onError: console.error, traceAfterMs: 1 })
       const { setFlagsFromString } = await import('node:v8')
       setFlagsFromString('--expose-gc')
       const { runInNewContext } = await import('node:vm')
       for (let index = 0; index < 20; index++) runInNewContext('gc')({ type: 'minor' })
       await new Promise((resolve) => setTimeout(resolve, 20))
       const { parentPort } = await import('node:worker_threads')
       parentPort.postMessage(watch.tally.counts())`,
      { eval: true, execArgv: ['--input-type=module'] },
    )
    const [counts] = await once(worker, 'message')
    expect(counts).to.deep.equal([])
  })

  it('takes over from the observer, and neither misses nor repeats', async () => {
    const watch = new GcWatch({ onError: fail, traceAfterMs: 50, takeEveryMs: 20 })
    const endMs = performance.now() + 300
    while (performance.now() < endMs) {
      for (let index = 0; index < 5; index++) collect({ type: 'minor' })
      await turns()
    }
    await eventually(() => {
      // Five at most are of the turn in which it takes over.
      expect(countOf(watch.tally, 'minor')).to.be.within(
        reference.count(MINOR) - 5,
        reference.count(MINOR),
      )
    })
    watch.close()
  })
})
