import type { Profiler } from 'node:inspector'
import { expect } from 'chai'
import { hotFrames } from '../../../src/watch/stall/hot-frames.ts'

interface Made {
  readonly name: string
  readonly url?: string
  readonly line?: number
  readonly ticks?: Readonly<Record<number, number>>
  /** Samples of a millisecond in this node itself. */
  readonly samples?: number
  readonly children?: readonly Made[]
}

const APP = 'file:///app/cart.js'

/** A profile that begins at 0, sampled once a millisecond. */
function profileOf(...roots: readonly Made[]): Profiler.Profile {
  const nodes: Profiler.ProfileNode[] = []
  const samples: number[] = []
  const add = ({ name, url = '', line = 0, ticks = {}, samples: own = 0, children = [] }: Made) => {
    const id = nodes.length + 1
    const node: Profiler.ProfileNode = {
      id,
      callFrame: { functionName: name, scriptId: '1', url, lineNumber: line, columnNumber: 4 },
      positionTicks: Object.entries(ticks).map(([at, count]) => ({
        line: Number(at),
        ticks: count,
      })),
    }
    nodes.push(node)
    samples.push(...Array.from({ length: own }, () => id))
    node.children = children.map(add)
    return id
  }
  add({ name: '(root)', children: roots })
  const endTime = 1000 * samples.length
  return { startTime: 0, endTime, nodes, samples, timeDeltas: samples.map(() => 1000) }
}

const short = (frames: ReturnType<typeof hotFrames>) =>
  frames.map(({ function: name, line, share, callee }) => [
    name,
    line,
    Number(share.toFixed(2)),
    callee,
  ])

describe('hot frames', () => {
  it('are the functions with the most time of their own, the most first', () => {
    const profile = profileOf({
      name: 'outer',
      url: APP,
      line: 1,
      samples: 20,
      children: [{ name: 'inner', url: APP, line: 7, samples: 80 }],
    })
    expect(short(hotFrames(profile, 5, 1000))).to.deep.equal([
      ['inner', 8, 0.8, ''],
      ['outer', 2, 0.2, ''],
    ])
    expect(hotFrames(profile, 1, 1000)).to.have.length(1)
  })

  it("charge Node's own and native code to who called it, and name what was called", () => {
    const native = { name: 'read', samples: 90 }
    const inner = { name: 'tryReadSync', url: 'node:fs', samples: 5, children: [native] }
    const outer = { name: 'readFileSync', url: 'node:fs', children: [inner] }
    const profile = profileOf({ name: 'load', url: APP, line: 2, samples: 5, children: [outer] })
    expect(short(hotFrames(profile, 5, 1000))).to.deep.equal([
      ['load', 3, 1, 'readFileSync (node:fs)'],
    ])
  })

  it("blame none of our own code: its time is its caller's, or nobody's", () => {
    const own = { name: 'take', url: new URL('../../../src/app/agent.ts', import.meta.url).href }
    const profile = profileOf(
      { ...own, samples: 10 },
      { name: 'serve', url: APP, line: 2, samples: 5, children: [{ ...own, samples: 5 }] },
    )
    expect(short(hotFrames(profile, 5, 1000))).to.have.length(1)
    expect(hotFrames(profile, 5, 1000)[0]).to.include({ function: 'serve', share: 1 })
  })

  it('name no callee that took less than half of the time', () => {
    const native = { name: 'write', samples: 40 }
    const profile = profileOf({ name: 'load', url: APP, line: 2, samples: 60, children: [native] })
    expect(short(hotFrames(profile, 5, 1000))).to.deep.equal([['load', 3, 1, '']])
  })

  it('leave idle time out, and keep the garbage collector by its name', () => {
    const profile = profileOf(
      { name: '(idle)', samples: 50 },
      { name: '(garbage collector)', line: -1, samples: 30 },
      { name: 'work', url: APP, samples: 11, line: 3 },
    )
    expect(short(hotFrames(profile, 5, 1000))).to.deep.equal([
      ['(garbage collector)', 0, 0.75, ''],
      ['work', 4, 0.25, ''],
    ])
  })

  it('leave out what was sampled after the end of the stall', () => {
    const profile = profileOf(
      { name: 'blocks', url: APP, line: 1, samples: 10 },
      { name: 'innocent', url: APP, line: 9, samples: 90 },
    )
    expect(short(hotFrames(profile, 5, 10))).to.deep.equal([['blocks', 2, 1, '']])
  })

  it('tell the hottest line, and whether it is the only one', () => {
    const profile = profileOf(
      { name: 'parses', url: APP, line: 1, samples: 10, ticks: { 4: 10 } },
      { name: 'loops', url: APP, line: 9, samples: 5, ticks: { 11: 2, 12: 3 } },
    )
    const [parses, loops] = hotFrames(profile, 5, 1000)
    expect(parses).to.include({ hotLine: 4, oneLine: true })
    expect(loops).to.include({ hotLine: 12, oneLine: false })
  })

  it('tell the body of a module by its hottest line, and a function without a name as anonymous', () => {
    const profile = profileOf(
      { name: '', url: APP, line: 0, samples: 10, ticks: { 7: 8, 3: 2 } },
      { name: '', url: APP, line: 20, samples: 6 },
    )
    expect(short(hotFrames(profile, 5, 1000))).to.deep.equal([
      ['(module)', 7, 0.67, ''],
      ['(anonymous)', 21, 0.33, ''],
    ])
  })
})
