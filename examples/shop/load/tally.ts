/** What became of the load: times are milliseconds, from sending to the last byte of the answer. */
export interface LoadSummary {
  readonly seconds: number
  readonly sent: number
  readonly failed: number
  /** Not sent, because too many were unanswered. */
  readonly skipped: number
  readonly p50Ms: number
  readonly p95Ms: number
  readonly maxMs: number
}

/** Counts answers as they come. */
export class Tally {
  readonly #durationsMs: number[] = []
  #failed = 0
  #skipped = 0

  answered(ok: boolean, durationMs: number): void {
    this.#durationsMs.push(durationMs)
    if (!ok) this.#failed++
  }

  skipped(): void {
    this.#skipped++
  }

  summary(seconds: number): LoadSummary {
    const sorted = [...this.#durationsMs].sort((a, b) => a - b)
    const at = (share: number) =>
      Math.round(
        (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 10,
      ) / 10
    return {
      seconds: Math.round(seconds * 10) / 10,
      sent: sorted.length,
      failed: this.#failed,
      skipped: this.#skipped,
      p50Ms: at(0.5),
      p95Ms: at(0.95),
      maxMs: at(1),
    }
  }
}
