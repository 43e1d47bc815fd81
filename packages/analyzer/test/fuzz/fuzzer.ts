import { Random } from '../decode/random.ts'
import { Coverage } from './coverage.ts'
import { mutate } from './mutate.ts'

/** What is fuzzed. */
export interface FuzzTarget {
  readonly name: string
  /** Inputs to begin with. */
  readonly seeds: readonly Buffer[]
  /** Which files' blocks steer it. */
  readonly sources: RegExp
  /** Rejects for what must not happen; errors that senders are meant to get are none. */
  readonly run: (input: Buffer) => void | Promise<void>
  readonly close?: () => Promise<void>
}

/** What fuzzing came to. */
export interface FuzzReport {
  readonly inputs: number
  /** Inputs that reached something new, and the seeds. */
  readonly corpus: number
  readonly blocks: number
  readonly longestMs: number
}

/** A look at the coverage costs as much as a hundred short inputs, so a batch shares one. */
const BATCH = 64
/** Longer than any input may take: a hang. */
const INPUT_MS_MAX = 2000
const CORPUS_MAX = 4096

/**
 * Runs a target on changed inputs as long as `goOn` says so of how many there were. An input that runs a block of the sources that none ran before joins the
 * inputs that are changed further. Throws with the input in hex when the target fails or takes too long.
 */
export async function fuzz(
  target: FuzzTarget,
  goOn: (inputs: number) => boolean,
  seed: number,
): Promise<FuzzReport> {
  const random = new Random(seed)
  const coverage = new Coverage(target.sources)
  const corpus = [...target.seeds]
  let inputs = 0
  let longestMs = 0
  const run = async (input: Buffer) => {
    inputs++
    const started = performance.now()
    try {
      await target.run(Buffer.from(input))
    } catch (error) {
      throw new Error(`${target.name} fails on ${input.toString('hex')}`, { cause: error })
    }
    const tookMs = performance.now() - started
    longestMs = Math.max(longestMs, tookMs)
    if (tookMs > INPUT_MS_MAX) {
      throw new Error(`${target.name} takes ${Math.round(tookMs)} ms for ${input.toString('hex')}`)
    }
  }
  try {
    for (const input of corpus) await run(input)
    const seen = coverage.take()
    while (goOn(inputs)) {
      const batch = random.many(BATCH, () =>
        mutate(random.pick(corpus), random.pick(corpus), random),
      )
      for (const input of batch) await run(input)
      let fresh = [...coverage.take()].filter((block) => !seen.has(block))
      // Run once more, one by one, each tells what of it is new.
      for (const input of batch) {
        if (fresh.length === 0) break
        await run(input)
        const ran = coverage.take()
        if (!fresh.some((block) => ran.has(block))) continue
        corpus.push(input)
        fresh = fresh.filter((block) => !ran.has(block))
        for (const block of ran) seen.add(block)
      }
      for (const block of fresh) seen.add(block)
      if (corpus.length > CORPUS_MAX) corpus.splice(target.seeds.length, BATCH)
    }
    return { inputs, corpus: corpus.length, blocks: seen.size, longestMs }
  } finally {
    coverage.close()
    await target.close?.()
  }
}
