import type { QuerySample } from '../model/query.ts'
import type { Comparison } from './hold-expression.ts'
import { labelKey, withoutName } from './label-key.ts'

/** What is known of the values of one label set. Times are Unix milliseconds. */
export interface LearnedLevel {
  readonly key: string
  readonly sinceMs: number
  readonly count: number
  readonly mean: number
  /** Sum of squared distances from the mean (Welford). */
  readonly squares: number
  /** The value nearest to the threshold or furthest beyond it. */
  readonly extreme: number
}

// Label sets come and go; the oldest are forgotten first, and learn anew when they come back.
const LEVELS_MAX = 10_000

// Three deviations: of normal noise, one value in about 740 lies further out on one side.
const DEVIATIONS = 3

/**
 * Learns the values that a label set has of its own, before its rule is armed for it. Afterwards an alert
 * needs a value beyond the rule's threshold *and* beyond what was learned: the extreme that was seen, and
 * the mean with three standard deviations.
 */
export class LearnedLevels {
  readonly #learnForMs: number
  readonly #upward: boolean
  readonly #levels = new Map<string, LearnedLevel>()

  constructor(learnForMs: number, { operator }: Comparison) {
    this.#learnForMs = learnForMs
    this.#upward = operator.startsWith('>')
  }

  /** Takes in the values of one instant, of those label sets that are still being learned. */
  learn(samples: readonly QuerySample[], nowMs: number): void {
    for (const { labels, value } of samples) {
      if (!Number.isFinite(value)) continue
      const key = labelKey(withoutName(labels))
      const old = this.#levels.get(key)
      if (old !== undefined && nowMs - old.sinceMs >= this.#learnForMs) continue
      this.#levels.set(key, this.#with(old, key, value, nowMs))
      if (this.#levels.size > LEVELS_MAX) {
        this.#levels.delete(this.#levels.keys().next().value as string)
      }
    }
  }

  /** True when a value of a label set may raise an alert. */
  isBeyond({ labels, value }: QuerySample, nowMs: number): boolean {
    const level = this.#levels.get(labelKey(withoutName(labels)))
    if (level === undefined || nowMs - level.sinceMs < this.#learnForMs) return false
    const deviation = Math.sqrt(level.squares / level.count)
    const bound = this.#upward
      ? Math.max(level.extreme, level.mean + DEVIATIONS * deviation)
      : Math.min(level.extreme, level.mean - DEVIATIONS * deviation)
    return this.#upward ? value > bound : value < bound
  }

  state(): readonly LearnedLevel[] {
    return [...this.#levels.values()]
  }

  restore(levels: Iterable<LearnedLevel>): void {
    this.#levels.clear()
    for (const level of levels) this.#levels.set(level.key, level)
  }

  #with(old: LearnedLevel | undefined, key: string, value: number, nowMs: number): LearnedLevel {
    if (old === undefined) {
      return { key, sinceMs: nowMs, count: 1, mean: value, squares: 0, extreme: value }
    }
    const count = old.count + 1
    const mean = old.mean + (value - old.mean) / count
    return {
      ...old,
      count,
      mean,
      squares: old.squares + (value - old.mean) * (value - mean),
      extreme: this.#upward ? Math.max(old.extreme, value) : Math.min(old.extreme, value),
    }
  }
}
