import { ChokepointError } from '../../model/errors.ts'
import type { ApiAnswer } from '../envelope.ts'
import type { Parameters } from '../parameters.ts'
import type { MetricMetadata, PrometheusPort } from '../ports.ts'
import { formatSampleValue } from './format-number.ts'
import { optionalTimeParameter, TIME_MAX_MS, TIME_MIN_MS } from './parse-parameters.ts'

/** `/api/v1/metadata` */
export function listMetadata(port: PrometheusPort, parameters: Parameters): ApiAnswer {
  const limit = numberOrAll(parameters, 'limit')
  const perMetric = numberOrAll(parameters, 'limit_per_metric')
  const wanted = parameters.get('metric')
  const data: Record<string, readonly MetricMetadata[]> = {}
  let count = 0
  for (const [metric, rows] of port.metadata()) {
    if (wanted !== '' && metric !== wanted) continue
    if (count >= limit) break
    data[metric] = rows.slice(0, perMetric === 0 ? undefined : perMetric)
    count++
  }
  return { data }
}

/** `/api/v1/query_exemplars`: of the series that the expression reads. */
export function listExemplars(port: PrometheusPort, parameters: Parameters): ApiAnswer {
  const startMs = optionalTimeParameter(parameters, 'start', TIME_MIN_MS)
  const endMs = optionalTimeParameter(parameters, 'end', TIME_MAX_MS)
  if (endMs < startMs) {
    const message = 'end timestamp must not be before start timestamp'
    throw new ChokepointError('PARAMETER_INVALID', message)
  }
  const found = port.exemplars(parameters.get('query'), startMs, endMs)
  const data = found.map(({ labels, exemplars }) => ({
    seriesLabels: labels.toRecord(),
    exemplars: exemplars.map(({ timeMs, value, labels: own }) => ({
      labels: own,
      value: formatSampleValue(value),
      timestamp: timeMs / 1000,
    })),
  }))
  return { data }
}

/** `/api/v1/targets`: nothing is scraped here, so there are none. */
export function listTargets(): ApiAnswer {
  return { data: { activeTargets: [], droppedTargets: [], droppedTargetCounts: {} } }
}

/** `/api/v1/status/buildinfo`: Grafana reads the version from here to know what it may ask. */
export function buildInfo(version: string): ApiAnswer {
  return {
    data: {
      // The Prometheus whose language and API this is; a lower number would switch features off.
      version: '3.15.0',
      revision: `chokepoint-${version}`,
      branch: '',
      buildUser: '',
      buildDate: '',
      goVersion: '',
      application: 'Chokepoint',
    },
  }
}

function numberOrAll(parameters: Parameters, name: string): number {
  const text = parameters.get(name)
  if (text === '') return Number.POSITIVE_INFINITY
  if (!/^[+-]?\d+$/.test(text)) {
    throw new ChokepointError('PARAMETER_INVALID', `${name} must be a number`)
  }
  return Number(text) < 0 ? Number.POSITIVE_INFINITY : Number(text)
}
