import { expect } from 'chai'
import { type HeapHistory, judgeHeapGrowth } from '../../src/detect/heap-growth.ts'
import type { Point } from '../../src/detect/line-fit.ts'
import { noisy, randomFrom } from './scenario/random.ts'

const MIB = 1024 ** 2

/** A process's heap, one point a second: `live` bytes survive, and collections run when told. */
function history(
  seconds: number,
  live: (second: number) => number,
  collects: (second: number) => boolean,
  rest: { noise?: number; seed?: number; young?: boolean } = {},
): HeapHistory {
  const random = randomFrom(rest.seed ?? 1)
  const floor: Point[] = []
  const used: Point[] = []
  let last = live(0)
  for (let second = 0; second <= seconds; second++) {
    const now = live(second) * noisy(random, rest.noise ?? 0)
    if (collects(second)) last = now
    floor.push([second, last])
    used.push([second, now + 3 * MIB * random()])
  }
  return { floor, used: () => used, young: rest.young ?? true }
}

const every = (step: number) => (second: number) => second % step === 0

describe('the judgement of heap growth', () => {
  for (const seed of [1, 2, 3]) {
    for (const noise of [0, 0.02, 0.05]) {
      it(`sees a steady leak (noise ${noise}, seed ${seed})`, () => {
        const leak = (second: number) => (30 + second) * MIB
        const growth = judgeHeapGrowth(history(120, leak, every(8), { noise, seed }))
        expect(growth?.bytesPerSecond).to.be.closeTo(MIB, 0.25 * MIB)
      })

      it(`is silent on a flat heap and on a saw-tooth (noise ${noise}, seed ${seed})`, () => {
        const flat = () => 200 * MIB
        expect(judgeHeapGrowth(history(300, flat, every(8), { noise, seed }))).to.equal(undefined)
        const saw = (second: number) => (60 + (second % 60) * 0.5) * MIB
        expect(judgeHeapGrowth(history(300, saw, every(8), { noise, seed }))).to.equal(undefined)
      })
    }
  }

  it('sees the first minute of a strong leak, as V8 shows it: few collections', () => {
    // Measured on Node 24: 4 MB/s kept; major collections at 1.4, 7.3 and 32.2 s found 9, 32 and 127 MiB.
    const leak = (second: number) => (4 + 3.8 * second) * MIB
    const at = (second: number) => [1, 7, 32].includes(second)
    expect(judgeHeapGrowth(history(30, leak, at))).to.equal(undefined)
    expect(judgeHeapGrowth(history(55, leak, at))?.collections).to.equal(2)
  })

  it('is silent on a warm-up that levels off, early and late', () => {
    const warm = (second: number) => (20 + 120 * (1 - Math.exp(-second / 8))) * MIB
    for (const seconds of [20, 40, 60, 120, 300]) {
      expect(judgeHeapGrowth(history(seconds, warm, every(5))), `${seconds} s`).to.equal(undefined)
    }
  })

  it('is silent on a cache that fills to its bound', () => {
    const cache = (second: number) => (50 + Math.min(100, second)) * MIB
    expect(judgeHeapGrowth(history(300, cache, every(10)))).to.equal(undefined)
  })

  it('is silent where a collection gave a good part back', () => {
    const batch = (second: number) => (50 + (second < 150 ? second : second - 120)) * MIB
    expect(judgeHeapGrowth(history(200, batch, every(10)))).to.equal(undefined)
  })

  it('tries growth on both sides of its thresholds', () => {
    const growing = (mib: number) => (second: number) => (60 + (mib * second) / 100) * MIB
    expect(judgeHeapGrowth(history(100, growing(30), every(10), { young: false }))).to.equal(
      undefined,
    )
    expect(
      judgeHeapGrowth(history(100, growing(34), every(10), { young: false }))?.collections,
    ).to.equal(11)
  })
})
