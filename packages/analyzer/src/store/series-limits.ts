import type { Family } from './family-table.ts'
import type { StoreLimits } from './limits.ts'
import type { Refusal } from './rejections.ts'
import type { StreamIndex } from './stream-index.ts'

/** The limits that may stand against a new series. */
export class SeriesLimits {
  readonly labelsMax: number
  readonly #index: StreamIndex
  readonly #limits: StoreLimits
  readonly #memoryFull: () => boolean

  constructor(index: StreamIndex, limits: StoreLimits, memoryFull: () => boolean) {
    this.labelsMax = limits.labelsMax
    this.#index = index
    this.#limits = limits
    this.#memoryFull = memoryFull
  }

  /** Which limit of the tenant, or of the metric, is reached. */
  reachedBy(family: Family): Refusal | undefined {
    const { seriesMax, seriesPerMetricMax, memoryBytesMax } = this.#limits
    if (this.#index.series >= seriesMax) {
      return { reason: 'series_limit', example: `limit ${seriesMax}, metric ${family.name}` }
    }
    if (family.streams.length >= seriesPerMetricMax) {
      return {
        reason: 'metric_limit',
        example: `limit ${seriesPerMetricMax}, metric ${family.name}`,
      }
    }
    if (this.#memoryFull()) {
      return { reason: 'memory_limit', example: `limit ${memoryBytesMax} bytes` }
    }
    return undefined
  }

  /** Which of its labels is too much. */
  brokenBy(metric: string, pairs: readonly (readonly [string, string])[]): Refusal | undefined {
    const { labelsMax, labelNameLengthMax, labelValueLengthMax } = this.#limits
    if (pairs.length > labelsMax) {
      return {
        reason: 'label_limit',
        example: `${pairs.length} labels of ${metric}, limit ${labelsMax}`,
      }
    }
    for (const [name, value] of pairs) {
      if (name.length > labelNameLengthMax) {
        const example = `a label name of ${metric} has ${name.length} characters, limit ${labelNameLengthMax}`
        return { reason: 'label_limit', example }
      }
      if (value.length > labelValueLengthMax) {
        const example = `label ${name} of ${metric} has ${value.length} characters, limit ${labelValueLengthMax}`
        return { reason: 'label_limit', example }
      }
    }
    return undefined
  }
}
