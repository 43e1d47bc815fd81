import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'

const GIVE_BACK = new URL('../src/give-back.ts', import.meta.url).href

describe('giving memory back', () => {
  let folder: string
  let file: string
  let repeating: string

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-give-back-'))
    file = join(folder, 'program.mjs')
    // Leaves 40 MB behind, which V8 by itself would not collect for a while, and then does nothing.
    writeFileSync(
      file,
      `import { getHeapStatistics } from 'node:v8'
import { PerformanceObserver, constants } from 'node:perf_hooks'
import { keepGivingBack } from ${JSON.stringify(GIVE_BACK)}
let collections = 0
new PerformanceObserver((list) => {
  const whole = list.getEntries().filter(({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR)
  collections += whole.length
}).observe({ type: 'gc' })
let objects = Array.from({ length: 400_000 }, (_, i) => ({ i, text: 'x' + i }))
const most = getHeapStatistics().used_heap_size
objects = undefined
keepGivingBack()
setInterval(() => {
  const { used_heap_size: used } = getHeapStatistics()
  if (used < most / 2) process.send(collections > 1 ? 'given back twice' : 'given back')
}, 20)
`,
    )
  })

  before(() => {
    repeating = join(folder, 'repeating.mjs')
    // Leaves 8 MB behind again and again, with time to do nothing in between.
    writeFileSync(
      repeating,
      `import { PerformanceObserver, constants } from 'node:perf_hooks'
import { keepGivingBack } from ${JSON.stringify(GIVE_BACK)}
const startedMs = performance.now()
let collections = 0
new PerformanceObserver((list) => {
  collections += list.getEntries().filter(({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR).length
  if (collections >= 4) process.send('after ' + (performance.now() - startedMs))
}).observe({ type: 'gc' })
keepGivingBack()
let objects = []
setInterval(() => {
  objects = Array.from({ length: 100_000 }, (_, i) => ({ i, text: i }))
}, 300)
`,
    )
  })

  after(() => {
    rmSync(folder, { recursive: true })
  })

  it('collects what was left behind, though the heap has room and nothing is asked of it', async () => {
    expect(await first(/^given back/)).to.match(/^given back/)
  }).timeout(120_000)

  it('collects once more after a collection that freed much', async () => {
    expect(await first(/twice$/)).to.equal('given back twice')
  }).timeout(120_000)

  it('does not collect more than once a second', async () => {
    const [, ms] = (await first(/^after /, repeating)).split(' ')
    // Four collections, with a second from each to the next.
    expect(Number(ms)).to.be.above(3000)
  }).timeout(120_000)

  /** The first message like this that a program sends. */
  async function first(wanted: RegExp, program = file): Promise<string> {
    const child = fork(program, { execArgv: ['--initial-old-space-size=512', '--expose-gc'] })
    // Shorter than the test's own time: a child that is left would keep the run from ending.
    const signal = AbortSignal.timeout(100_000)
    try {
      for (;;) {
        const [message] = (await once(child, 'message', { signal })) as [string]
        if (wanted.test(message)) return message
      }
    } finally {
      child.kill()
    }
  }
})
