import { readAttributes } from '../decode/attributes.ts'
import { floatText } from '../decode/float-text.ts'
import { toLabelName } from '../decode/label-name.ts'
import {
  KIND_EXPONENTIAL,
  KIND_GAUGE,
  KIND_HISTOGRAM,
  KIND_SUM,
  KIND_SUMMARY,
  type PointBatch,
} from '../decode/point-batch.ts'
import { PROMOTED_ATTRIBUTES, toPointLabels, toSeriesLabels } from '../decode/series-labels.ts'
import type { SummaryPoint } from '../decode/summary-point.ts'
import { AttributeLabels } from './attribute-labels.ts'
import { type BatchMetric, BatchMetrics } from './batch-metrics.ts'
import { RefusedSeries } from './cardinality.ts'
import type { Family } from './family-table.ts'
import type { StoreLimits } from './limits.ts'
import type { Refusal } from './rejections.ts'
import { type Resource, ResourceTable } from './resource-table.ts'
import { SeriesLimits } from './series-limits.ts'
import type { StreamIndex } from './stream-index.ts'
import type { TimeColumn } from './time-column.ts'

const RAW_SPARE = 10_000
const RAW_PER_STREAM = 4

const ATTRIBUTES_TAGS = new Map([
  [KIND_GAUGE, 0x3a],
  [KIND_SUM, 0x3a],
  [KIND_HISTOGRAM, 0x4a],
  [KIND_EXPONENTIAL, 0x0a],
  [KIND_SUMMARY, 0x3a],
])

const PROMOTED_LABELS = new Set([...PROMOTED_ATTRIBUTES].map(toLabelName))

function isPromoted(label: string): boolean {
  return PROMOTED_LABELS.has(label)
}

/** A series that a summary point has a value for. */
export interface SummaryPart {
  readonly id: number
  readonly value: number
}

/** Makes streams for points whose bytes were never seen; a known series under other bytes is found again. */
export class SeriesMaker {
  readonly #index: StreamIndex
  readonly #limits: SeriesLimits
  readonly #resources: ResourceTable
  readonly #metrics: BatchMetrics
  readonly #attributes = new AttributeLabels()
  /** What the limits refused, by the label that has the most values. */
  readonly refused: RefusedSeries

  constructor(
    index: StreamIndex,
    limits: StoreLimits,
    columns: (TimeColumn | undefined)[],
    memoryFull: () => boolean,
  ) {
    this.#index = index
    this.#limits = new SeriesLimits(index, limits, memoryFull)
    this.#resources = new ResourceTable(columns)
    this.#metrics = new BatchMetrics(index.families)
    this.refused = new RefusedSeries(index)
  }

  beginBatch(): void {
    this.#metrics.begin()
  }

  /** The resource at a row of the batch. */
  resource(batch: PointBatch, row: number): Resource {
    return this.#resources.at(batch, row)
  }

  /** A new column of times; its number. */
  addColumn(): number {
    return this.#resources.addColumn()
  }

  /** Forgets resources whose columns the test does not keep, and `target_info` streams that are gone. */
  forgetResources(keeps: (column: number) => boolean, gone: ReadonlySet<number>): void {
    // Labels went with the series.
    if (gone.size > 0) this.#attributes.clear()
    this.#resources.forget(keeps, gone)
  }

  /** The stream of a point, made when it is new. */
  stream(batch: PointBatch, point: number): number | Refusal {
    const row = batch.pointMetric[point]!
    const metric = this.#metrics.at(batch, row)
    if ('reason' in metric) return metric
    const tag = ATTRIBUTES_TAGS.get(batch.metricKind[row]!)!
    const resource = this.resource(batch, batch.metricResource[row]!)
    const own = this.#attributes.find(batch, point, tag)
    const id =
      own === undefined || resource.labelIds === undefined
        ? this.#streamOfAttributes(batch, point, tag, metric, resource, own === undefined)
        : this.#streamOfIds(batch, point, tag, metric, resource, own)
    if (typeof id === 'number') {
      const { raw, records } = this.#index
      // Senders whose bytes differ each time for the same series must not fill the table: it begins anew.
      if (raw.size > RAW_SPARE + records.count * RAW_PER_STREAM) raw.prune(() => false)
      raw.set(batch.hashLow[point]!, batch.hashHigh[point]!, id)
    }
    return id
  }

  /** The stream of attributes that are read, and kept with the resource's for those that follow. */
  #streamOfAttributes(
    batch: PointBatch,
    point: number,
    tag: number,
    { name, family }: BatchMetric,
    resource: Resource,
    keeps: boolean,
  ): number | Refusal {
    const { bytes, pointStart, pointEnd } = batch
    const attributes = readAttributes(bytes, pointStart[point]!, pointEnd[point]!, tag)
    const id = this.streamOf(
      family,
      toSeriesLabels(name, attributes, resource.labels),
      resource.number,
    )
    if (typeof id !== 'number') return id
    const { labels } = this.#index
    const own = keeps ? toPointLabels(name, attributes) : undefined
    // An empty attribute is no label, but a promoted one of its name does not take its place.
    if (
      own !== undefined &&
      ![...own].some(([label, value]) => value === '' && isPromoted(label))
    ) {
      const ids = labels.knownIdsOf(own)
      if (ids !== undefined) this.#attributes.keep(ids)
    }
    const { identity, promoted } = resource.labels
    const identityIds = labels.knownIdsOf(identity)
    const promotedIds = labels.knownIdsOf(promoted)
    // An empty name of a service is no label, and hides an attribute of its name all the same.
    if (identityIds?.length === identity.length && promotedIds !== undefined) {
      resource.labelIds = { identity: identityIds, promoted: promotedIds }
    }
    return id
  }

  /** The stream of labels whose numbers are known. */
  #streamOfIds(
    batch: PointBatch,
    point: number,
    tag: number,
    metric: BatchMetric,
    resource: Resource,
    own: Int32Array,
  ): number | Refusal {
    const { promoted, identity } = resource.labelIds!
    const ids = this.#index.labels.joined(own, promoted, identity)
    // Told, and refused, in words.
    const inWords = () => this.#streamOfAttributes(batch, point, tag, metric, resource, false)
    if (ids.length > this.#limits.labelsMax) return inWords()
    const known = this.#index.find(metric.family, ids)
    if (known !== -1) return known
    if (this.#limits.reachedBy(metric.family) !== undefined) return inWords()
    return this.#index.add(metric.family, ids, resource.number)
  }

  /** The streams of a summary's parts, made when they are new, each with its value. */
  summaryStreams(
    batch: PointBatch,
    point: number,
    values: SummaryPoint,
  ): readonly SummaryPart[] | Refusal {
    const metric = this.#metrics.at(batch, batch.pointMetric[point]!)
    if ('reason' in metric) return metric
    const { bytes, pointStart, pointEnd } = batch
    const attributes = readAttributes(bytes, pointStart[point]!, pointEnd[point]!, 0x3a)
    const resource = this.resource(batch, batch.metricResource[batch.pointMetric[point]!]!)
    const labels = toSeriesLabels(metric.name, attributes, resource.labels)
    const { family } = metric
    const parts: SummaryPart[] = []
    const add = (part: Family, value: number, quantile?: string): Refusal | undefined => {
      const own = quantile === undefined ? labels : new Map([...labels, ['quantile', quantile]])
      const id = this.streamOf(part, own, resource.number)
      if (typeof id !== 'number') return id
      parts.push({ id, value })
      return undefined
    }
    const named = (suffix: string) =>
      this.#index.families.of(family.name + suffix, 'number', () => ({
        type: 'summary',
        help: family.help,
        unit: family.unit,
      }))
    const refusals = [
      add(named('_sum'), values.sum),
      add(named('_count'), values.count),
      ...values.quantiles.map(([quantile, value]) => add(family, value, floatText(quantile))),
    ]
    return refusals.find((refusal) => refusal !== undefined) ?? parts
  }

  /** The `target_info` stream of a resource, or -1 when a limit stands against it. */
  targetInfo(resource: Resource): number {
    const family = this.#index.families.of('target_info', 'number', () => ({
      type: 'gauge',
      help: 'Target metadata',
      unit: '',
    }))
    const id = this.streamOf(family, resource.labels.targetInfo, resource.number)
    return typeof id === 'number' ? id : -1
  }

  /** The stream of a family with these labels, made when it is new and within the limits. */
  streamOf(
    family: Family,
    labels: Iterable<readonly [string, string]>,
    column: number,
  ): number | Refusal {
    const pairs = [...labels]
    const refusal = this.#limits.brokenBy(family.name, pairs)
    if (refusal !== undefined) return refusal
    const ids = this.#index.labels.knownIdsOf(pairs)
    const known = ids === undefined ? -1 : this.#index.find(family, ids)
    if (known !== -1) return known
    const over = this.#limits.reachedBy(family)
    if (over !== undefined) {
      // What a refused series is called must not stay in memory.
      this.refused.note(family, pairs, over.reason)
      return over
    }
    return this.#index.add(family, ids ?? this.#index.labels.idsOf(pairs), column)
  }

  /** The same for one of the store's own few series, which no limit stands against. */
  ownStream(
    family: Family,
    labels: readonly (readonly [string, string])[],
    column: number,
  ): number {
    const ids = this.#index.labels.idsOf(labels)
    const known = this.#index.find(family, ids)
    if (known !== -1) return known
    const id = this.#index.add(family, ids, column)
    // It must not take the room of a series that was sent.
    this.#index.setCounted(id, 0)
    return id
  }
}
