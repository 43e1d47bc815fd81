import { BUCKET_BOUND, ComposedLabels } from '../composed-labels.ts'
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
  /** Whether cuts have the metric's name. */
  readonly keepsName: boolean
  /** Whether cuts have the bound of a bucket. */
  readonly keepsBound: boolean
  readonly #interner = new LabelInterner()

  constructor(names: readonly string[], keep: boolean) {
    // Without always drops the name as well.
    this.#names = keep ? names : [...names, METRIC_NAME]
    this.#keep = keep
    this.keepsName = this.#names.includes(METRIC_NAME) === keep
    this.keepsBound = this.#names.includes(BUCKET_BOUND) === keep
  }

  /** The cut of a set: a name or a bound in it stands beside the rest, and equal rests are the same object. */
  of(labels: LabelSet): LabelSet {
    if (this.#keep && this.#names.length === 0) return LabelSet.EMPTY
    const known = labels.cutOf(this) as LabelSet | undefined
    if (known !== undefined) return known
    const whole = this.#keep ? labels.pick(this.#names) : labels.without(this.#names)
    const rest = this.#interner.intern(whole.without([METRIC_NAME, BUCKET_BOUND]))
    const cut = beside(rest, whole.metricName, whole.get(BUCKET_BOUND))
    labels.keepCut(this, cut)
    return cut
  }
}

function beside(rest: LabelSet, name: string, bound: string): LabelSet {
  return name === '' && bound === '' ? rest : new ComposedLabels(rest, name, bound)
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

/**
 * Numbers the distinct cuts of a query's rows. What a cut has beside its rest is told apart here, for the time of the
 * query: lists of labels for each bucket of each histogram would be most of what rules leave in memory.
 */
class CutNumbers {
  readonly labels: LabelSet[] = []
  readonly #projection: Projection
  /** By name, bound and rest; the first two are few. */
  readonly #numbers = new Map<string, Map<string, Map<LabelSet, number>>>()

  constructor(projection: Projection) {
    this.#projection = projection
  }

  /** The number of the cut of a set. */
  of(labels: LabelSet): number {
    const { keepsName, keepsBound } = this.#projection
    if (!(labels instanceof ComposedLabels)) return this.#of(this.#projection.of(labels), '', '')
    // By what it is composed of: the set itself is gone with the query.
    const { rest, name, bound } = labels
    return this.#of(this.#projection.of(rest), keepsName ? name : '', keepsBound ? bound : '')
  }

  /** The number of a cut with a name and a bound, which win over its own. */
  #of(cut: LabelSet, name: string, bound: string): number {
    if (cut instanceof ComposedLabels) {
      return this.#of(cut.rest, name === '' ? cut.name : name, bound === '' ? cut.bound : bound)
    }
    const byBound = made(this.#numbers, name, () => new Map<string, Map<LabelSet, number>>())
    const byRest = made(byBound, bound, () => new Map<LabelSet, number>())
    return made(byRest, cut, () => this.labels.push(beside(cut, name, bound)) - 1)
  }
}

/** The value of a key, made when there is none. */
function made<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

/** Numbers the distinct cuts of rows. */
export function* groupRows(
  query: Query,
  rows: readonly LabelSet[],
  projection: Projection,
): Steps<Groups> {
  const ofRow = new Int32Array(rows.length)
  const numbers = new CutNumbers(projection)
  for (let row = 0; row < rows.length; row++) {
    if (query.mayRest(1)) yield
    ofRow[row] = numbers.of(rows[row]!)
  }
  const { labels } = numbers
  return { count: labels.length, ofRow, labels }
}
