import { LabelSet, METRIC_NAME } from './label-set.ts'

/** The label that holds a bucket's upper bound. */
export const BUCKET_BOUND = 'le'

/**
 * A label set with a metric's name and a bucket's bound beside it, either of which may be empty. A query looks at one for
 * each series, and hardly ever at its lists, so these are made only when somebody asks: a source need keep the
 * labels that the buckets of a histogram have in common, and nothing a bucket.
 */
export class ComposedLabels extends LabelSet {
  /** The other labels, without a metric's name; a bound wins over one of theirs. */
  readonly rest: LabelSet
  readonly name: string
  readonly bound: string

  constructor(rest: LabelSet, name: string, bound: string) {
    super()
    this.rest = rest
    this.name = name
    this.bound = bound
  }

  override get(name: string): string {
    if (name === METRIC_NAME) return this.name
    if (name === BUCKET_BOUND && this.bound !== '') return this.bound
    return this.rest.get(name)
  }

  override has(name: string): boolean {
    if (name === METRIC_NAME) return this.name !== ''
    return (name === BUCKET_BOUND && this.bound !== '') || this.rest.has(name)
  }

  override withoutName(): LabelSet {
    const rest = this.rest.withoutName()
    if (this.name === '' && rest === this.rest) return this
    return this.bound === '' ? rest : new ComposedLabels(rest, '', this.bound)
  }

  protected override spelledOut(): LabelSet {
    return spellOut(this.rest, this.name, this.bound)
  }
}

/** A set with a name and a bound among its labels; empty ones leave it as it is. */
function spellOut(rest: LabelSet, name: string, bound: string): LabelSet {
  const bounded = bound === '' ? rest : rest.with(BUCKET_BOUND, bound)
  return name === '' ? bounded : bounded.with(METRIC_NAME, name)
}
