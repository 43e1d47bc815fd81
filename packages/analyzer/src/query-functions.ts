import {
  type Engine,
  PromqlError,
  type PromqlErrorCode,
  type SeriesSource,
} from '@chokepoint/promql'
import { ChokepointError, type ErrorCode } from './model/errors.ts'
import type { QueryFunc, QueryRangeFunc, QuerySample } from './model/query.ts'

/** The two functions through which rules, detectors and reports see the engine. */
export interface QueryFunctions {
  readonly query: QueryFunc
  readonly queryRange: QueryRangeFunc
}

/** Asks one source through an engine; floats only, as thresholds and charts need them. */
export function createQueryFunctions(engine: Engine, source: SeriesSource): QueryFunctions {
  return {
    query: (expression, atMs) => {
      const { value } = translateErrors(() => engine.instant(source, expression, atMs))
      if (value.type === 'scalar') return [{ labels: {}, value: value.value }]
      if (value.type !== 'vector') throw wrongType(expression, value.type)
      const samples: QuerySample[] = []
      for (const sample of value.samples) {
        if (sample.histogram !== undefined) continue
        samples.push({ labels: sample.labels.toRecord(), value: sample.value })
      }
      return samples
    },
    queryRange: (expression, startMs, endMs, stepMs) => {
      const { value } = translateErrors(() =>
        engine.range(source, expression, startMs, endMs, stepMs),
      )
      return value.series.map(({ labels, times, values }) => ({
        labels: labels.toRecord(),
        points: Array.from(times, (timeMs, i) => [timeMs, values[i]!] as const),
      }))
    },
  }
}

const CODES: Readonly<Record<PromqlErrorCode, ErrorCode>> = {
  parse_error: 'QUERY_INVALID',
  execution_error: 'QUERY_FAILED',
  too_many_samples: 'QUERY_LIMIT',
  too_many_series: 'QUERY_LIMIT',
  too_deep: 'QUERY_LIMIT',
  timeout: 'QUERY_TIMEOUT',
}

/** Gives the engine's errors the codes of the analyzer; the words stay. */
export function translateErrors<Answer>(ask: () => Answer): Answer {
  try {
    return ask()
  } catch (error) {
    if (!(error instanceof PromqlError)) throw error
    throw new ChokepointError(CODES[error.code], error.message, { cause: error })
  }
}

function wrongType(expression: string, type: string): ChokepointError {
  return new ChokepointError(
    'QUERY_FAILED',
    `cannot use the answer of ${expression}: it is a ${type}, and an instant vector or a scalar is needed`,
  )
}
