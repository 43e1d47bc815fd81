import type { Labels } from '../model/labels.ts'
import type { DetectContext } from './detector.ts'

/** The figure of a query whose answer is one number; undefined when nobody reports it. */
export function figureOf({ query, nowMs }: DetectContext, expression: string): number | undefined {
  const value = query(expression, nowMs)[0]?.value
  return value !== undefined && Number.isFinite(value) ? value : undefined
}

/** Figures by the values of some labels: what `sum by (…)` gives, made easy to look up. */
export class Figures {
  readonly #names: readonly string[]
  readonly #rows = new Map<string, { labels: Labels; value: number }>()

  constructor(context: DetectContext, expression: string, names: readonly string[]) {
    this.#names = names
    for (const { labels, value } of context.query(expression, context.nowMs)) {
      // A ratio of nothing to nothing is not a figure.
      if (Number.isFinite(value)) this.#rows.set(this.#key(labels), { labels, value })
    }
  }

  rows(): Iterable<{ readonly labels: Labels; readonly value: number }> {
    return this.#rows.values()
  }

  /** The figure of the same label values; undefined when there is none. */
  of(labels: Labels): number | undefined {
    return this.#rows.get(this.#key(labels))?.value
  }

  #key(labels: Labels): string {
    return this.#names.map((name) => labels[name] ?? '').join('\u0000')
  }
}
