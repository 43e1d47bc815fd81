import type { PanelSpec } from '@chokepoint/dashboards'

/** One line of a chart, or one row of a table. */
export interface Line {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly points: readonly (readonly [seconds: number, value: number])[]
}

export interface PanelData {
  readonly panel: PanelSpec
  readonly lines: readonly Line[]
}

interface RangeAnswer {
  readonly data: {
    readonly result: readonly {
      readonly metric: Readonly<Record<string, string>>
      readonly values: readonly (readonly [number, string])[]
    }[]
  }
}

const SECONDS = 75
const STEP_SECONDS = 1

/** Asks for what a panel shows, over the last seconds; lines with their legends as Grafana would write them. */
export async function readPanel(
  url: string,
  panel: PanelSpec,
  chosenJobs: string,
): Promise<PanelData> {
  const end = Math.floor(Date.now() / 1000)
  const lines: Line[] = []
  for (const { expr, legend } of panel.queries) {
    const body = new URLSearchParams({
      query: expand(expr, chosenJobs),
      start: String(end - SECONDS),
      end: String(end),
      step: String(STEP_SECONDS),
    })
    const response = await fetch(`${url}/api/v1/query_range`, { method: 'POST', body })
    if (!response.ok) throw new Error(`${panel.title}: ${expr}: ${await response.text()}`)
    const { data } = (await response.json()) as RangeAnswer
    for (const { metric, values } of data.result) {
      const points = values.map(([seconds, value]) => [seconds, Number(value)] as const)
      lines.push({ name: nameOf(legend, metric), labels: metric, points })
    }
  }
  return { panel, lines }
}

/** As Grafana expands its variables for the services that are chosen, when samples come each second. */
function expand(expression: string, chosenJobs: string): string {
  return expression
    .replaceAll('$__rate_interval', '15s')
    .replaceAll('$job', chosenJobs)
    .replaceAll('$instance', '.*')
    .replaceAll('$host', '.*')
}

function nameOf(legend: string, metric: Readonly<Record<string, string>>): string {
  return legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => metric[label] ?? '').trim()
}
