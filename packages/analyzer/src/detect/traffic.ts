import type { Labels } from '../model/labels.ts'
import { Figures } from './answers.ts'
import type { DetectContext } from './detector.ts'
import { durationText } from './promql-text.ts'

/** The requests that services answer: how many, and how long they take. */
export interface Traffic {
  readonly requestsPerSecond: number
  /** Seconds of request time a second: how many requests are in work at once, on average. */
  readonly busy: number
  readonly meanSeconds: number
}

/** HTTP server traffic by some labels (`job` first) over the window; label sets without requests are absent. */
export function readTraffic(
  context: DetectContext,
  by: readonly string[] = ['job'],
): { of(labels: Labels): Traffic | undefined; rows(): Iterable<[Labels, Traffic]> } {
  const window = durationText(context.windowMs)
  const metric = 'http_server_request_duration_seconds'
  const counts = new Figures(
    context,
    `sum by (${by.join(', ')}) (rate(${metric}_count[${window}]))`,
    by,
  )
  const sums = new Figures(
    context,
    `sum by (${by.join(', ')}) (rate(${metric}_sum[${window}]))`,
    by,
  )
  const of = (labels: Labels): Traffic | undefined => {
    const requestsPerSecond = counts.of(labels) ?? 0
    if (!(requestsPerSecond > 0)) return undefined
    const busy = sums.of(labels) ?? 0
    return { requestsPerSecond, busy, meanSeconds: busy / requestsPerSecond }
  }
  return {
    of,
    *rows() {
      for (const { labels } of counts.rows()) {
        const traffic = of(labels)
        if (traffic !== undefined) yield [labels, traffic]
      }
    },
  }
}
