import { ComposedLabels } from '../composed-labels.ts'
import type { LabelSet } from '../label-set.ts'
import { parseNumber } from '../parse/number.ts'
import { LabelInterner } from './label-interner.ts'

/** What the labels of a classic histogram's bucket say. */
export interface BucketLabel {
  /** The labels without `le`: the same object for all buckets of a histogram. */
  readonly histogram: LabelSet
  /** Undefined when `le` is missing or no number. */
  readonly upperBound: number | undefined
}

/** Texts of bounds that are kept; beyond, the list begins anew. */
const BOUNDS_MAX = 10_000

/** Reads the labels of buckets, each set once: an evaluation looks at tens of thousands. */
export class BucketLabels {
  readonly #interner = new LabelInterner()
  readonly #bounds = new Map<string, number | undefined>()

  of(labels: LabelSet): BucketLabel {
    if (labels instanceof ComposedLabels && labels.name === '') {
      return { histogram: this.of(labels.rest).histogram, upperBound: this.#boundOf(labels.bound) }
    }
    const known = labels.cutOf(this) as BucketLabel | undefined
    if (known !== undefined) return known
    const histogram = this.#interner.intern(labels.without(['le']))
    const label = { histogram, upperBound: this.#boundOf(labels.get('le')) }
    labels.keepCut(this, label)
    return label
  }

  #boundOf(text: string): number | undefined {
    if (this.#bounds.has(text)) return this.#bounds.get(text)
    if (this.#bounds.size >= BOUNDS_MAX) this.#bounds.clear()
    const bound = boundOf(text)
    this.#bounds.set(text, bound)
    return bound
  }
}

function boundOf(le: string): number | undefined {
  const text = le.replace(/^[+-]/, '').replace(/^infinity$/i, 'inf')
  const parsed = text === '' ? undefined : parseNumber(text)
  if (parsed === undefined || parsed.duration) return undefined
  return le.startsWith('-') ? -parsed.value : parsed.value
}
