import type {
  LoopDelays,
  RuntimeSample,
  SentRuntimeSample,
  SharedDelays,
} from './runtime-sample.ts'

/** Those that are told, whatever steps the histogram itself has. */
const PERCENTILES = [50, 90, 99]

/** The delays of the event loop since the last call, or undefined when it has not turned. Begins anew. */
export function takeDelays({ histogram, offsetMs }: SharedDelays): LoopDelays | undefined {
  const { count } = histogram
  if (count === 0) return undefined
  const ms = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - offsetMs)
  const percentiles: Map<number, number> = new Map(histogram.percentiles)
  for (const percentile of PERCENTILES) {
    percentiles.set(percentile, histogram.percentile(percentile))
  }
  const taken: LoopDelays = {
    count,
    minMs: ms(histogram.min),
    maxMs: ms(histogram.max),
    meanMs: ms(histogram.mean),
    stddevMs: histogram.stddev / 1e6,
    percentiles: Array.from(percentiles)
      .sort(([one], [other]) => one - other)
      .map(([percentile, nanoseconds]) => [percentile, ms(nanoseconds)] as const),
  }
  histogram.reset()
  return taken
}

/** Whether delays are still in the histogram of their thread. */
export function areShared(delays: SentRuntimeSample['delays']): delays is SharedDelays {
  return delays !== undefined && 'histogram' in delays
}

/** A sample whose delays are its own: those of a shared histogram are taken out of it. */
export function withOwnDelays(sample: SentRuntimeSample): RuntimeSample {
  const { delays } = sample
  return { ...sample, delays: areShared(delays) ? takeDelays(delays) : delays }
}
