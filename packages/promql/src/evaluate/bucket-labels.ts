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

/** Reads the labels of buckets, each set once: an evaluation looks at tens of thousands. */
export class BucketLabels {
  readonly #interner = new LabelInterner()

  of(labels: LabelSet): BucketLabel {
    const known = labels.cutOf(this) as BucketLabel | undefined
    if (known !== undefined) return known
    const histogram = this.#interner.intern(labels.without(['le']))
    const label = { histogram, upperBound: boundOf(labels.get('le')) }
    labels.keepCut(this, label)
    return label
  }
}

function boundOf(le: string): number | undefined {
  const text = le.replace(/^[+-]/, '').replace(/^infinity$/i, 'inf')
  const parsed = text === '' ? undefined : parseNumber(text)
  if (parsed === undefined || parsed.duration) return undefined
  return le.startsWith('-') ? -parsed.value : parsed.value
}
