import type { Signal } from '../../settings/otlp-settings.ts'
import type { BoundedHistogram } from '../metrics/bounded-histogram.ts'
import type { Warnings } from '../warnings.ts'
import type { SendResult } from './otlp-sender.ts'

/** Tells of a partial success: how many items were rejected, and why. */
export type RejectionReader = (body: Uint8Array) => { count: number; message: string }

/** Where the outcome of each export goes: a metric, and one line the first time it is bad. */
export class ExportLog {
  readonly #durations: BoundedHistogram
  readonly #warnings: Warnings

  constructor(durations: BoundedHistogram, warnings: Warnings) {
    this.#durations = durations
    this.#warnings = warnings
  }

  /** Notes one finished export and returns how many items the receiver rejected. */
  note(
    signal: Signal,
    url: string,
    outcome: { result: SendResult; durationMs: number; readRejection: RejectionReader },
  ): number {
    const { result, durationMs } = outcome
    const attributes = { 'chokepoint.signal': signal }
    if (result.kind !== 'taken') {
      const failed = { ...attributes, 'error.type': result.kind }
      this.#durations.record(durationMs / 1000, failed)
      const what = result.kind === 'refused' ? 'were refused' : 'cannot be sent'
      this.#warnings.warn(`${signal} ${what} by ${url}, the app runs on`, result.reason)
      return 0
    }
    this.#durations.record(durationMs / 1000, attributes)
    const rejection = outcome.readRejection(result.body)
    if (rejection.count > 0) {
      this.#warnings.warn(`${signal} were taken only in part by ${url}`, rejection.message)
    }
    return rejection.count
  }
}
