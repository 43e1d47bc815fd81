import { expect } from 'chai'
import { type FuzzTarget, fuzz } from './fuzzer.ts'
import {
  decoderTarget,
  grpcBytesTarget,
  grpcMessageTarget,
  httpTarget,
  jsonTarget,
  storeTarget,
} from './targets.ts'

// CHOKEPOINT_FUZZ_SECONDS=120 CHOKEPOINT_FUZZ_SEED=$RANDOM mocha packages/analyzer/test/fuzz/fuzz.test.ts
const SECONDS = Number(process.env.CHOKEPOINT_FUZZ_SECONDS ?? 2)
const SEED = Number(process.env.CHOKEPOINT_FUZZ_SEED ?? 1)
/** However busy the machine is. */
const INPUTS_MIN = 100
/** What the coverage, the corpus and the limits of the store may take. */
const GROWTH_BYTES_MAX = 400 * 1024 ** 2

const TARGETS: readonly (readonly [name: string, make: () => Promise<FuzzTarget>])[] = [
  ['the decoder', decoderTarget],
  ['the JSON decoder', jsonTarget],
  ['the store', storeTarget],
  ['the HTTP receiver', httpTarget],
  ['gRPC messages', grpcMessageTarget],
  ['gRPC connections', grpcBytesTarget],
]

describe(`fuzzing, steered by coverage, ${SECONDS} s each`, () => {
  for (const [name, make] of TARGETS) {
    it(`${name}: no crash, no hang, no growth`, async function () {
      this.timeout((SECONDS + 60) * 1000)
      const before = process.memoryUsage.rss()
      const target = await make()
      const untilMs = performance.now() + SECONDS * 1000
      const report = await fuzz(
        target,
        (inputs) => inputs < INPUTS_MIN || performance.now() < untilMs,
        SEED,
      )
      const grownBytes = process.memoryUsage.rss() - before
      console.log(
        `      ${report.inputs} inputs, ${report.corpus} kept, ${report.blocks} blocks, longest ${report.longestMs.toFixed(0)} ms`,
      )
      expect(report.inputs).to.be.at.least(INPUTS_MIN)
      expect(grownBytes).to.be.below(GROWTH_BYTES_MAX)
    })
  }
})

describe('the fuzzer', () => {
  it('finds its way behind checks that luck does not pass, and tells the input', async () => {
    // Three bytes in a row, each behind the one before: by luck alone one input in 16 million.
    const { hidden } = await import('./hidden-fault.ts')
    const target: FuzzTarget = {
      name: 'a hidden fault',
      seeds: [Buffer.alloc(8)],
      sources: /hidden-fault/,
      run: hidden,
    }
    const found = await fuzz(target, (inputs) => inputs < 500_000, 5).catch(
      (caught: unknown) => caught,
    )
    expect(found).to.be.instanceOf(Error)
    expect((found as Error).message).to.match(/a hidden fault fails on [0-9a-f]*c0ffee/)
  })
})
