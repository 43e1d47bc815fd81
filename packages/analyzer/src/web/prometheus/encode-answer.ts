import type { LabelSet } from '@chokepoint/promql'
import type { AnswerSeries, AnswerStats, AnswerValue } from '../ports.ts'
import { encodeHistogram } from './encode-histogram.ts'
import { formatSampleValue, formatScalarValue } from './format-number.ts'

/** An answer as Prometheus' `{resultType, result}`. */
export function encodeAnswer(answer: AnswerValue) {
  switch (answer.type) {
    case 'scalar':
      return {
        resultType: 'scalar',
        result: [answer.timeMs / 1000, formatScalarValue(answer.value)],
      }
    case 'string':
      return { resultType: 'string', result: [answer.timeMs / 1000, answer.value] }
    case 'vector':
      return {
        resultType: 'vector',
        result: answer.samples.map(({ labels, timeMs, value }) =>
          typeof value === 'number'
            ? { metric: metric(labels), value: sample(timeMs, value) }
            : { metric: metric(labels), histogram: [timeMs / 1000, encodeHistogram(value)] },
        ),
      }
    case 'matrix':
      return { resultType: 'matrix', result: answer.series.map(encodeSeries) }
  }
}

function encodeSeries({ labels, samples }: AnswerSeries) {
  const values: unknown[] = []
  const histograms: unknown[] = []
  for (const [timeMs, value] of samples) {
    if (typeof value === 'number') values.push(sample(timeMs, value))
    else histograms.push([timeMs / 1000, encodeHistogram(value)])
  }
  return {
    metric: metric(labels),
    ...(values.length > 0 ? { values } : {}),
    ...(histograms.length > 0 ? { histograms } : {}),
  }
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
  answer: AnswerValue,
  limit: number,
): { readonly answer: AnswerValue; readonly truncated: boolean } {
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
  return {
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
