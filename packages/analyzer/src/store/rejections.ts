import type { IngestResult } from '../model/ingest.ts'

/** Why a point is not taken, with the words that its sender reads. */
export const REJECTIONS = {
  malformed: 'contradict themselves',
  no_name: 'have a metric name without a letter, digit or colon',
  temporality: 'have no aggregation temporality',
  too_old: 'are older than the retention',
  future: 'are more than 10 minutes ahead of the clock',
  out_of_order: 'are more than 30 minutes older than the newest of their series, or late deltas',
  duplicate: 'have the time of a stored sample and another value',
  label_limit: 'have more or longer labels than allowed',
  request_limit: 'are over the limit of points in one request',
  series_limit: 'would start a series over the limit of the tenant',
  metric_limit: 'would start a series over the limit of their metric',
  memory_limit: 'would start a series over the memory limit',
  scale: 'have an exponential scale below -4, which Prometheus has no schema for',
} as const

export type Rejection = keyof typeof REJECTIONS
/** Why a series cannot be made, with the limit or name that says more. */
export interface Refusal {
  readonly reason: Rejection
  readonly example: string
}

const REASONS = Object.keys(REJECTIONS) as readonly Rejection[]

/** Counts what one request's points came to. */
export class IngestTally {
  accepted = 0
  rejected = 0
  readonly #counts = new Map<Rejection, { count: number; example: string }>()

  reject(reason: Rejection, example = '', count = 1): void {
    this.rejected += count
    const entry = this.#counts.get(reason)
    if (entry === undefined) this.#counts.set(reason, { count, example })
    else entry.count += count
  }

  /** Counts a point that came to several samples: it is rejected when one of them was. */
  join(parts: IngestTally): void {
    const [first] = parts.#counts
    if (first === undefined) this.accepted++
    else this.reject(first[0], first[1].example)
  }

  /** How many points a reason stopped. */
  count(reason: Rejection): number {
    return this.#counts.get(reason)?.count ?? 0
  }

  /** Adds these rejections to counts by reason. */
  addTo(totals: Map<Rejection, number>): void {
    for (const [reason, { count }] of this.#counts) {
      totals.set(reason, (totals.get(reason) ?? 0) + count)
    }
  }

  get result(): IngestResult {
    const parts = REASONS.filter((reason) => this.#counts.has(reason)).map((reason) => {
      const { count, example } = this.#counts.get(reason)!
      return `${count} ${REJECTIONS[reason]}${example === '' ? '' : ` (${example})`}`
    })
    const message =
      this.rejected === 0
        ? ''
        : `${this.rejected} of ${this.accepted + this.rejected} points were rejected: ${parts.join('; ')}`
    return { accepted: this.accepted, rejected: this.rejected, message }
  }
}
