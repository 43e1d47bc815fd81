import type { LabelSet, QueryValue, RangeSeries, VectorSample } from '@chokepoint/promql'
import { writeArray } from '../json-text.ts'
import type { AnswerStats } from '../ports.ts'
import { encodeHistogram } from './encode-histogram.ts'
import { formatSampleValue, formatScalarValue } from './format-number.ts'

/** An answer as Prometheus' `"resultType":…,"result":…`, without the braces, in pieces, written in steps. */
export function* writeAnswer(answer: QueryValue): Generator<void, readonly string[]> {
  return [`"resultType":"${answer.type}","result":`, ...(yield* writeResult(answer))]
}

function* writeResult(answer: QueryValue): Generator<void, readonly string[]> {
  switch (answer.type) {
    case 'scalar':
      return [JSON.stringify([answer.timeMs / 1000, formatScalarValue(answer.value)])]
    case 'string':
      return [JSON.stringify([answer.timeMs / 1000, answer.value])]
    case 'vector':
      return yield* writeArray(answer.samples, (one) => encodeSample(one, answer.timeMs))
    case 'matrix':
      return yield* writeArray(answer.series, encodeSeries, weightOf)
  }
}

function encodeSample({ labels, value, histogram }: VectorSample, timeMs: number) {
  return histogram === undefined
    ? { metric: metric(labels), value: sample(timeMs, value) }
    : { metric: metric(labels), histogram: [timeMs / 1000, encodeHistogram(histogram)] }
}

function encodeSeries({ labels, times, values, histogramTimes, histograms }: RangeSeries) {
  return {
    metric: metric(labels),
    ...(times.length > 0 ? { values: Array.from(times, (at, i) => sample(at, values[i]!)) } : {}),
    ...(histograms.length > 0
      ? {
          histograms: histograms.map((histogram, i) => [
            histogramTimes[i]! / 1000,
            encodeHistogram(histogram),
          ]),
        }
      : {}),
  }
}

/** A histogram is as long as some dozen numbers. */
function weightOf({ times, histograms }: RangeSeries): number {
  return times.length + 20 * histograms.length + 4
}

/** Times have at most three decimals, and JavaScript writes just those. */
function sample(timeMs: number, value: number) {
  return [timeMs / 1000, formatSampleValue(value)]
}

function metric(labels: LabelSet): Record<string, string> {
  return labels.toRecord()
}

/** The first `limit` samples or series; 0 is all. */
export function truncateAnswer(
  answer: QueryValue,
  limit: number,
): { readonly answer: QueryValue; readonly truncated: boolean } {
  if (limit > 0 && answer.type === 'vector' && answer.samples.length > limit) {
    return { answer: { ...answer, samples: answer.samples.slice(0, limit) }, truncated: true }
  }
  if (limit > 0 && answer.type === 'matrix' && answer.series.length > limit) {
    return { answer: { ...answer, series: answer.series.slice(0, limit) }, truncated: true }
  }
  return { answer, truncated: false }
}

/**
 * Prometheus' `stats`. Evaluation is not divided into its phases here, so those that we do not have are
 * zero, as they are in Prometheus when a phase did not happen.
 */
export function encodeStats(stats: AnswerStats) {
  const seconds = stats.evaluationSeconds
  const { samplesTotal, samplesRead, samplesPeak } = stats
  return {
    samples: {
      totalQueryableSamples: samplesTotal,
      samplesRead,
      peakSamples: samplesPeak,
    },
    timings: {
      evalTotalTime: seconds,
      resultSortTime: 0,
      queryPreparationTime: 0,
      innerEvalTime: seconds,
      execQueueTime: 0,
      execTotalTime: seconds,
    },
  }
}
