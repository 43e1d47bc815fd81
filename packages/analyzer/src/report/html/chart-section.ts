import type { QuerySeries } from '../../model/query.ts'
import type { PerformanceReport, ReportChart } from '../../model/report.ts'
import { formatValue } from '../page/values.js'
import { html, type SafeHtml } from './safe-html.ts'
import { elapsed, query } from './words.ts'

/** As many as `base.css` has colours for lines. */
const COLORS = 8

/** The key charts. Each says its lines' last and highest values in words; the script only draws. */
export function chartSection(report: PerformanceReport): SafeHtml {
  const colors = lineColors(report.charts)
  const figures = report.charts.map((chart, index) => figure(chart, index, colors))
  return html`<section class="charts" aria-labelledby="charts-title">
  <h2 id="charts-title">Charts <span class="muted">over ${spanOf(report)}</span></h2>
  ${
    figures.length > 0
      ? html`<div class="grid">${figures}</div>`
      : html`<p class="empty">Charts show here once services report.</p>`
  }
</section>`
}

/** The time that the charts show: the window, or the age of data that is younger. */
function spanOf({ charts, window }: PerformanceReport): string {
  const firsts = charts.flatMap(({ series }) => series.map(({ points }) => points[0]![0]))
  const first = Math.min(...firsts)
  return elapsed(Number.isFinite(first) ? new Date(first).toISOString() : window.start, window.end)
}

/** A service has the same colour in every chart. The script reads it from the legend. */
function lineColors(charts: readonly ReportChart[]): ReadonlyMap<string, number> {
  const names = new Set(charts.flatMap(({ series }) => series.map(nameOf)))
  return new Map([...names].sort().map((name, index) => [name, index % COLORS]))
}

function nameOf({ labels }: QuerySeries): string {
  return Object.values(labels).join(' ') || 'all'
}

function figure(chart: ReportChart, index: number, colors: ReadonlyMap<string, number>): SafeHtml {
  return html`<figure class="card chart" data-key="${chart.title}" data-testid="chart" data-chart="${index}" data-unit="${chart.unit}">
      <figcaption>${chart.title}</figcaption>
      <div class="plot" data-kept aria-hidden="true"></div>
      <ul class="legend">${chart.series.map((line) => legend(line, colors, chart.unit))}</ul>
      <details><summary>Query</summary>${query(chart.query)}</details>
    </figure>`
}

function legend(line: QuerySeries, colors: ReadonlyMap<string, number>, unit: string): SafeHtml {
  const name = nameOf(line)
  const last = line.points.at(-1)![1]
  const most = line.points.reduce((highest, [, value]) => Math.max(highest, value), -Infinity)
  return html`<li data-line="${colors.get(name) ?? 0}"><span class="name" title="${name}">${name}</span>
        <span class="value">${formatValue(last, unit)}</span> <span class="muted">max ${formatValue(most, unit)}</span></li>`
}
