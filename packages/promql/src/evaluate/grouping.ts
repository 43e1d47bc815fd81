import { BUCKET_BOUND, ComposedLabels, spellOut } from '../composed-labels.ts'
import { LabelSet, METRIC_NAME } from '../label-set.ts'
import { BucketLabels } from './bucket-labels.ts'
import { LabelInterner } from './label-interner.ts'
import type { Query } from './query.ts'
import type { Steps } from './steps.ts'

/** Projections kept: one for each distinct `by`, `without`, `on` or `ignoring` in use. */
const PROJECTIONS_MAX = 256

/**
 * A label set cut down to some labels, or without some. Series keep their label-set objects from
 * one evaluation to the next, so the result of a cut is kept by object: a rule that groups the same
 * 100,000 series every 15 s makes their group keys once.
 */
export class Projection {
  readonly #names: readonly string[]
  readonly #keep: boolean
  readonly #keepsName: boolean
  readonly #keepsBound: boolean
  readonly #interner = new LabelInterner()
  /** Who keeps, on a cut, those that have a name or a bound beside it. */
  readonly #beside = {}

  constructor(names: readonly string[], keep: boolean) {
    // Without always drops the name as well.
    this.#names = keep ? names : [...names, METRIC_NAME]
    this.#keep = keep
    this.#keepsName = this.#names.includes(METRIC_NAME) === keep
    this.#keepsBound = this.#names.includes(BUCKET_BOUND) === keep
  }

  /** The cut of a set; equal cuts are the same object. */
  of(labels: LabelSet): LabelSet {
    if (this.#keep && this.#names.length === 0) return LabelSet.EMPTY
    if (labels instanceof ComposedLabels) return this.#ofComposed(labels)
    const known = labels.cutOf(this) as LabelSet | undefined
    if (known !== undefined) return known
    const cut = this.#interner.intern(
      this.#keep ? labels.pick(this.#names) : labels.without(this.#names),
    )
    labels.keepCut(this, cut)
    return cut
  }

  /** By what it is composed of: the set itself is gone with the query. */
  #ofComposed({ rest, name, bound }: ComposedLabels): LabelSet {
    const cut = this.of(rest)
    const keptName = this.#keepsName ? name : ''
    const keptBound = this.#keepsBound ? bound : ''
    if (keptName === '' && keptBound === '') return cut
    const key = `${keptName}\xff${keptBound}`
    let beside = cut.cutOf(this.#beside) as Map<string, LabelSet> | undefined
    if (beside === undefined) {
      beside = new Map()
      cut.keepCut(this.#beside, beside)
    }
    let whole = beside.get(key)
    if (whole === undefined) {
      whole = this.#interner.intern(spellOut(cut, keptName, keptBound))
      beside.set(key, whole)
    }
    return whole
  }
}

/** The projections of an engine, the ones not used for longest dropped first. */
export class Projections {
  readonly buckets = new BucketLabels()
  readonly #byKey = new Map<string, Projection>()

  /** Cuts to the labels named (`keep`), or to all but them and the name. */
  get(names: readonly string[], keep: boolean): Projection {
    const key = `${keep} ${JSON.stringify([...names].sort())}`
    let projection = this.#byKey.get(key)
    if (projection === undefined) projection = new Projection(names, keep)
    else this.#byKey.delete(key)
    this.#byKey.set(key, projection)
    if (this.#byKey.size > PROJECTIONS_MAX) {
      this.#byKey.delete(this.#byKey.keys().next().value!)
    }
    return projection
  }
}

/** Which group each row belongs to. */
export interface Groups {
  readonly count: number
  readonly ofRow: Int32Array
  /** The labels of each group. */
  readonly labels: readonly LabelSet[]
}

/** Numbers distinct label sets, which must be the same objects when they are equal, in order of appearance. */
export class GroupNumbers {
  readonly labels: LabelSet[] = []
  readonly #numbers = new Map<LabelSet, number>()

  of(labels: LabelSet): number {
    let number = this.#numbers.get(labels)
    if (number === undefined) {
      number = this.labels.length
      this.#numbers.set(labels, number)
      this.labels.push(labels)
    }
    return number
  }
}

/** Numbers the distinct cuts of rows. */
export function* groupRows(
  query: Query,
  rows: readonly LabelSet[],
  projection: Projection,
): Steps<Groups> {
  const ofRow = new Int32Array(rows.length)
  const numbers = new GroupNumbers()
  for (let row = 0; row < rows.length; row++) {
    if (query.mayRest(1)) yield
    ofRow[row] = numbers.of(projection.of(rows[row]!))
  }
  const { labels } = numbers
  return { count: labels.length, ofRow, labels }
}
