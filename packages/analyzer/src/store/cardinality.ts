import { toLabelName } from '../decode/label-name.ts'
import { PROMOTED_ATTRIBUTES } from '../decode/series-labels.ts'
import type { Family } from './family-table.ts'
import type { Rejection } from './rejections.ts'
import type { StreamIndex } from './stream-index.ts'

/** A label and how many values of it were seen among the series that were looked at. */
export interface WideLabel {
  readonly label: string
  readonly values: number
}

/** Refusals of series of one metric of one job. */
export interface Refused extends WideLabel {
  readonly metric: string
  readonly job: string
  readonly reason: Rejection
  /** Points since the start. */
  readonly points: number
}

/** Labels that say who reports: a large fleet has many values of them and nothing is wrong. */
const IDENTITY = new Set(['job', 'instance', 'le', ...[...PROMOTED_ATTRIBUTES].map(toLabelName)])

/** Enough to tell a label with a value for each request from one with ten. */
const STREAMS_LOOKED_AT = 5000
/** Values of one label that are told apart among refused series. */
const REFUSED_VALUES_MAX = 1000
/** Metrics and jobs that are told apart; the rest is only counted in the rejections. */
const ENTRIES_MAX = 50

/** Of the labels that a family's streams have, the one with the most values. */
export function widestLabel(index: StreamIndex, { streams }: Family): WideLabel {
  const values = new Map<string, Set<number>>()
  const stride = Math.max(1, Math.floor(streams.length / STREAMS_LOOKED_AT))
  for (let i = 0; i < streams.length; i += stride) {
    for (const id of index.labelIds(streams[i]!)) countIn(values, index.labels.nameOf(id), id)
  }
  return widest(values)
}

interface Entry {
  readonly metric: string
  readonly job: string
  readonly reason: Rejection
  readonly stored: WideLabel
  readonly refused: Map<string, Set<string>>
  points: number
}

/**
 * Remembers whose series a limit refused and looks at their labels, so that it can be said which label has values
 * without end. Bounded: so many metrics, so many values of a label.
 */
export class RefusedSeries {
  readonly #index: StreamIndex
  readonly #entries = new Map<string, Entry>()
  #largest: Family | undefined

  constructor(index: StreamIndex) {
    this.#index = index
  }

  /** Notes a point whose series was refused. */
  note(family: Family, pairs: readonly (readonly [string, string])[], reason: Rejection): void {
    const job = pairs.find(([name]) => name === 'job')?.[1] ?? ''
    // A full tenant refuses whoever comes next; the metric with the most series is what fills it.
    this.#largest ??= largestFamily(this.#index)
    const cause = reason === 'metric_limit' ? family : this.#largest
    const key = `${cause.name}:${reason}:${job}`
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      if (this.#entries.size >= ENTRIES_MAX) return
      const stored = widestLabel(this.#index, cause)
      entry = { metric: cause.name, job, reason, stored, refused: new Map(), points: 0 }
      this.#entries.set(key, entry)
    }
    entry.points++
    if (cause === family) for (const [name, value] of pairs) countIn(entry.refused, name, value)
  }

  /** All of them, with the label that has the most values among stored and refused series. */
  rows(): Refused[] {
    this.#largest = undefined
    return [...this.#entries.values()].map(({ metric, job, reason, stored, refused, points }) => {
      const seen = widest(refused)
      return { metric, job, reason, points, ...(seen.values > stored.values ? seen : stored) }
    })
  }

  get size(): number {
    return this.#entries.size
  }
}

function largestFamily({ families }: StreamIndex): Family {
  return [...families.all()].reduce((most, family) =>
    family.streams.length > most.streams.length ? family : most,
  )
}

function countIn<Value>(values: Map<string, Set<Value>>, name: string, value: Value): void {
  if (IDENTITY.has(name)) return
  const known = values.get(name)
  if (known === undefined) values.set(name, new Set([value]))
  else if (known.size < REFUSED_VALUES_MAX || known.has(value)) known.add(value)
}

function widest(values: ReadonlyMap<string, ReadonlySet<unknown>>): WideLabel {
  let most: WideLabel = { label: '', values: 0 }
  for (const [label, seen] of values) {
    if (seen.size > most.values) most = { label, values: seen.size }
  }
  return most
}
