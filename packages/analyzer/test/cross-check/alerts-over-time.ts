import { expect } from 'chai'
import type { RunningAnalyzer } from '../../src/index.ts'
import type { Labels } from '../../src/model/labels.ts'
import { formatLabels } from '../../src/rules/series-notation.ts'
import { ask } from './answers.ts'
import type { SeriesOverTime } from './series-over-time.ts'

/** What there is of alerts after one evaluation. */
export interface AlertsAtStep {
  /** `ALERTS` and `ALERTS_FOR_STATE`, as `name{labels} value`. */
  readonly series: readonly string[]
  /** With annotations. */
  readonly firing: readonly {
    readonly name: string
    readonly labels: Labels
    readonly annotations: Labels
  }[]
}

/** Sends a request for each step to an analyzer by the data's clock, and reads the alerts behind each. */
export async function alertsOverTime(
  analyzer: RunningAnalyzer,
  series: readonly SeriesOverTime[],
  stepMs: number,
): Promise<readonly AlertsAtStep[]> {
  const steps = Math.max(...series.map(({ values }) => values.length))
  const alerts: AlertsAtStep[] = []
  for (let step = 0; step < steps; step++) {
    await send(analyzer, requestOf(series, step, stepMs))
    alerts.push(await alertsAt(analyzer, (step * stepMs) / 1000))
  }
  return alerts
}

async function send(analyzer: RunningAnalyzer, request: object): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${analyzer.ports.otlpHttp}/v1/metrics`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(request),
  })
  expect([response.status, await response.text()]).to.deep.equal([200, '{}'])
}

/** Every series as a gauge, so that its name stays; one more that says which time it is. */
function requestOf(series: readonly SeriesOverTime[], step: number, stepMs: number): object {
  const metrics = new Map<string, object[]>([['step', [point({}, step, step * stepMs)]]])
  for (const { name, labels, values } of series) {
    const value = values[step]
    if (value === undefined) continue
    const points = metrics.get(name) ?? []
    points.push(point(labels, value, step * stepMs))
    metrics.set(name, points)
  }
  const list = [...metrics].map(([name, dataPoints]) => ({ name, gauge: { dataPoints } }))
  return { resourceMetrics: [{ scopeMetrics: [{ metrics: list }] }] }
}

function point(labels: Labels, value: number | 'stale', timeMs: number): object {
  return {
    timeUnixNano: `${timeMs}000000`,
    attributes: Object.entries(labels).map(([key, text]) => ({
      key,
      value: { stringValue: text },
    })),
    ...(value === 'stale' ? { flags: 1 } : { asDouble: value }),
  }
}

interface ApiAlerts {
  readonly data: {
    readonly alerts: readonly {
      readonly state: string
      readonly labels: Labels
      readonly annotations: Labels
    }[]
  }
}

async function alertsAt(analyzer: RunningAnalyzer, seconds: number): Promise<AlertsAtStep> {
  const { data } = await ask(analyzer.url, '/api/v1/query', {
    query: '{__name__=~"ALERTS|ALERTS_FOR_STATE"}',
    time: String(seconds),
  })
  const rows = data?.result as readonly { metric: Labels; value: readonly [number, string] }[]
  const listed = (await (await fetch(`${analyzer.url}/api/v1/alerts`)).json()) as ApiAlerts
  const firing = listed.data.alerts.filter(({ state }) => state === 'firing')
  return {
    series: rows.map(({ metric, value }) => `${formatLabels(metric)} ${value[1]}`),
    firing: firing.map(({ labels, annotations }) => ({
      name: labels.alertname ?? '',
      labels,
      annotations,
    })),
  }
}
