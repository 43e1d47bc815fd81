import { expect } from 'chai'
import { LocalRoot } from '../../src/app/local-root.ts'
import { SlowBound, TraceChooser } from '../../src/app/trace-chooser.ts'
import type { RemoteParent } from '../../src/app/trace-context.ts'
import type { SamplerSettings } from '../../src/settings/settings.ts'

class TestRoot extends LocalRoot {
  readonly #caller: RemoteParent | undefined
  constructor(caller?: RemoteParent) {
    super(0, 0)
    this.#caller = caller
  }
  protected readParent(): RemoteParent | undefined {
    return this.#caller
  }
  describe() {
    return { name: '', kind: 0, attributes: {} }
  }
  protected makeOwnSpan(): never {
    throw new Error('not needed here')
  }
}

const caller = (sampled: boolean): RemoteParent => ({
  traceId: 'f'.repeat(32),
  spanId: '1'.repeat(16),
  sampled,
})

function kept(
  sampler: SamplerSettings,
  root: LocalRoot,
  { slow = false, failed = false, durationMs = 10, random = 0.5 } = {},
): boolean {
  return new TraceChooser(sampler, 1000, () => random).keep(root, durationMs, slow, failed)
}

/** A seeded stand-in for Math.random (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

describe('the tail decision', () => {
  const tail: SamplerSettings = { kind: 'tail', ratio: 0.01 }

  it('keeps failed and slow requests always', () => {
    expect(kept(tail, new TestRoot(), { failed: true })).to.equal(true)
    expect(kept(tail, new TestRoot(), { slow: true })).to.equal(true)
    expect(kept(tail, new TestRoot(), { durationMs: 1001 })).to.equal(true)
    expect(kept(tail, new TestRoot(caller(false)), { failed: true })).to.equal(true)
  })

  it('keeps a share of the rest', () => {
    expect(kept(tail, new TestRoot(), { random: 0.009 })).to.equal(true)
    expect(kept(tail, new TestRoot(), { random: 0.011 })).to.equal(false)
  })

  it('honours the caller', () => {
    expect(kept(tail, new TestRoot(caller(true)))).to.equal(true)
    expect(kept(tail, new TestRoot(caller(false)), { random: 0 })).to.equal(false)
  })

  it('says the same in the header that goes out as at the end', () => {
    const values = [0.001, 0.9]
    const chooser = new TraceChooser(tail, 1000, () => values.shift()!)
    const root = new TestRoot()
    expect(chooser.choose(root)).to.equal(true)
    expect(chooser.keep(root, 1, false, false)).to.equal(true)
  })
})

describe('the samplers of the specification', () => {
  it('keep all, nothing, or what the caller keeps', () => {
    const on: SamplerSettings = { kind: 'always_on', parentBased: false }
    const off: SamplerSettings = { kind: 'always_off', parentBased: false }
    expect(kept(on, new TestRoot(caller(false)))).to.equal(true)
    expect(kept(off, new TestRoot(caller(true)), { failed: true })).to.equal(false)
    expect(kept({ ...on, parentBased: true }, new TestRoot(caller(false)))).to.equal(false)
    expect(kept({ ...off, parentBased: true }, new TestRoot(caller(true)))).to.equal(true)
  })

  it('take a ratio by the trace id, so that services agree', () => {
    const ratio = (part: number): SamplerSettings => ({
      kind: 'traceidratio',
      parentBased: false,
      ratio: part,
    })
    expect(kept(ratio(0.99), new TestRoot(caller(true)))).to.equal(false)
    expect(kept(ratio(1), new TestRoot(caller(true)))).to.equal(true)
  })
})

describe('the bound above which a request is slow', () => {
  for (const seed of [1, 2, 3]) {
    it(`lets about one in twenty pass as slow (seed ${seed})`, () => {
      const random = seeded(seed)
      const bound = new SlowBound()
      let slow = 0
      for (let count = 0; count < 20_000; count++) {
        // Log-normal by the sum of uniform numbers, around 20 ms.
        const normal = Array.from({ length: 12 }, random).reduce((sum, one) => sum + one, -6)
        if (bound.observe(20 * Math.exp(normal * 0.5))) slow++
      }
      expect(slow / 20_000).to.be.within(0.03, 0.07)
    })
  }

  it('calls nothing slow before it knows the route', () => {
    const bound = new SlowBound()
    expect([1, 2, 4, 8, 16].map((durationMs) => bound.observe(durationMs))).to.deep.equal(
      Array(5).fill(false),
    )
  })
})
