import { type NameKind, toMetricName } from '../decode/metric-name.ts'
import {
  KIND_EXPONENTIAL,
  KIND_GAUGE,
  KIND_HISTOGRAM,
  KIND_SUM,
  KIND_SUMMARY,
  type PointBatch,
  TEMPORALITY_CUMULATIVE,
  TEMPORALITY_DELTA,
} from '../decode/point-batch.ts'
import { currentMetricName, currentUnit } from '../decode/renames.ts'
import { decodeUtf8 } from '../decode/wire-reader.ts'
import type { Family, FamilyTable, Storage } from './family-table.ts'
import type { Refusal } from './rejections.ts'

/** A metric of a batch by its Prometheus name. */
export interface BatchMetric {
  /** The current OTLP name. */
  readonly name: string
  readonly family: Family
}

/** The metrics of the present batch, each read once. */
export class BatchMetrics {
  readonly #families: FamilyTable
  readonly #metrics = new Map<number, BatchMetric | Refusal>()

  constructor(families: FamilyTable) {
    this.#families = families
  }

  begin(): void {
    this.#metrics.clear()
  }

  /** The metric at a row of the batch. */
  at(batch: PointBatch, row: number): BatchMetric | Refusal {
    let metric = this.#metrics.get(row)
    if (metric === undefined) {
      metric = this.#read(batch, row)
      this.#metrics.set(row, metric)
    }
    return metric
  }

  #read(batch: PointBatch, row: number): BatchMetric | Refusal {
    const sent = decodeUtf8(batch.bytes, batch.nameStart[row]!, batch.nameEnd[row]!)
    const name = currentMetricName(sent)
    const unit = currentUnit(
      name,
      decodeUtf8(batch.bytes, batch.unitStart[row]!, batch.unitEnd[row]!),
    )
    const kind = batch.metricKind[row]!
    const temporality = batch.metricTemporality[row]!
    const known = temporality === TEMPORALITY_DELTA || temporality === TEMPORALITY_CUMULATIVE
    if (kind !== KIND_GAUGE && kind !== KIND_SUMMARY && !known) {
      return { reason: 'temporality', example: `metric ${sent}` }
    }
    const counter = kind === KIND_SUM && batch.metricMonotonic[row] === 1
    const gauge = kind === KIND_GAUGE || (kind === KIND_SUM && !counter)
    const nameKind: NameKind = counter ? 'counter' : gauge ? 'gauge' : 'other'
    const promName = toMetricName(name, unit, nameKind)
    if (promName === '') return { reason: 'no_name', example: JSON.stringify(sent) }
    const help = decodeUtf8(batch.bytes, batch.descriptionStart[row]!, batch.descriptionEnd[row]!)
    const family = this.#families.of(promName, storageOf(kind), () => ({
      type: counter ? 'counter' : gauge ? 'gauge' : kind === KIND_SUMMARY ? 'summary' : 'histogram',
      help,
      unit,
    }))
    return { name, family }
  }
}

function storageOf(kind: number): Storage {
  if (kind === KIND_HISTOGRAM) return 'row'
  return kind === KIND_EXPONENTIAL ? 'exponential' : 'number'
}
