import type { QuerySeries } from '../../model/query.ts'
import type { PerformanceReport, ReportChart } from '../../model/report.ts'
import { html, type SafeHtml } from './safe-html.ts'
import { formatValue } from './units.ts'
import { query } from './words.ts'

/** The key charts. Each says its lines' last and highest values in words; the script only draws. */
export function chartSection(report: PerformanceReport): SafeHtml {
  const figures = report.charts.map((chart, index) => figure(chart, index))
  return html`<section class="charts" aria-labelledby="charts-title">
  <h2 id="charts-title">Charts <span class="muted">over ${formatValue(report.window.seconds, 's')}</span></h2>
  ${
    figures.length > 0
      ? html`<div class="grid">${figures}</div>`
      : html`<p class="empty">Charts show here once services report.</p>`
  }
</section>`
}

function figure(chart: ReportChart, index: number): SafeHtml {
  return html`<figure class="card chart" data-key="${chart.title}" data-testid="chart" data-chart="${index}" data-unit="${chart.unit}">
      <figcaption>${chart.title}</figcaption>
      <div class="plot" data-kept aria-hidden="true"></div>
      <ul class="legend">${chart.series.map((line, at) => legend(line, at, chart.unit))}</ul>
      <details><summary>Query</summary>${query(chart.query)}</details>
    </figure>`
}

function legend(line: QuerySeries, at: number, unit: string): SafeHtml {
  const name = Object.values(line.labels).join(' ') || 'all'
  const last = line.points.at(-1)![1]
  const most = line.points.reduce((highest, [, value]) => Math.max(highest, value), -Infinity)
  return html`<li data-line="${at}"><span class="name">${name}</span>
        <span class="value">${formatValue(last, unit)}</span> <span class="muted">max ${formatValue(most, unit)}</span></li>`
}
