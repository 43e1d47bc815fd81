import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { DashboardSpec } from '@chokepoint/dashboards'
import { formatUnit } from './format-unit.ts'
import type { Line, PanelData } from './panel-data.ts'

const require = createRequire(import.meta.url)
const uplotFolder = require.resolve('uplot').replace(/dist\/.*$/, 'dist/')
const UPLOT_SCRIPT = readFileSync(`${uplotFolder}uPlot.iife.min.js`, 'utf8')
const UPLOT_STYLE = readFileSync(`${uplotFolder}uPlot.min.css`, 'utf8')

const STYLE = `
body { margin: 0; padding: 20px; background: #f4f5f5; color: #24292e; font: 13px system-ui, sans-serif; width: 1400px }
h1 { font-size: 20px; margin: 0 0 4px } h2 { font-size: 14px; margin: 18px 0 8px; grid-column: 1 / -1 }
p { margin: 0 0 12px; color: #6e7681 }
.grid { display: grid; grid-template-columns: repeat(24, 1fr); gap: 8px }
.panel { background: #fff; border: 1px solid #e1e4e8; border-radius: 4px; padding: 8px 10px; min-width: 0; overflow: hidden }
.panel h3 { font-size: 13px; margin: 0 0 6px; font-weight: 600 }
.stat { font-size: 34px; font-weight: 600; padding: 8px 0 14px; text-align: center }
.none { color: #8b949e; padding: 24px 0; text-align: center }
table { border-collapse: collapse; width: 100%; font-size: 12px } td, th { text-align: left; padding: 3px 8px 3px 0; border-bottom: 1px solid #eef0f2 }
.legend { font-size: 11px; color: #57606a; max-height: 44px; overflow: hidden; margin-top: 4px } .legend i { display: inline-block; width: 10px; height: 3px; margin: 0 4px 3px 10px }
`

const COLORS = [
  '#3274d9',
  '#e0752d',
  '#37872d',
  '#a352cc',
  '#c4162a',
  '#1f9e9e',
  '#b8860b',
  '#7a7a7a',
]

/** One dashboard as a page of its own, with its data inside: what `chromium` makes a picture of. */
export function dashboardPage(
  spec: DashboardSpec,
  rows: readonly (readonly PanelData[])[],
): string {
  const charts: object[] = []
  const body = spec.rows
    .map(
      (row, i) =>
        `<h2>${escapeHtml(row.title)}</h2>${rows[i]!.map((data) => panelHtml(data, charts)).join('')}`,
    )
    .join('')
  return `<!doctype html><meta charset="utf-8"><title>${escapeHtml(spec.title)}</title>
<style>${UPLOT_STYLE}${STYLE}</style><h1>${escapeHtml(spec.title)}</h1><p>${escapeHtml(spec.description)}</p>
<div class="grid">${body}</div><script>${UPLOT_SCRIPT}</script>
<script>const charts = ${JSON.stringify(charts).replaceAll('<', '\\u003c')}
for (const { id, data, colors, stacked } of charts) {
  const element = document.getElementById(id)
  const series = colors.map((stroke) => ({ stroke, width: 1.3, fill: stacked ? stroke + '33' : undefined, points: { show: false } }))
  new uPlot({ width: element.clientWidth, height: 170, legend: { show: false }, cursor: { show: false },
    axes: [{ size: 28 }, { size: 58, values: (_, ticks) => ticks.map((tick) => format(tick, element.dataset.unit)) }],
    scales: { y: { range: (_, low, high) => [0, (high || 1) * 1.1] } }, series: [{}, ...series] }, data, element)
}
function format(value, unit) { return (${formatUnit.toString()})(value, unit) }
</script>`
}

function panelHtml({ panel, lines }: PanelData, charts: object[]): string {
  const style = `grid-column: span ${panel.width}`
  const content =
    lines.length === 0
      ? `<div class="none">shows nothing unless ${escapeHtml(panel.emptyUnless ?? '…')}</div>`
      : drawn()
  return `<section class="panel" style="${style}"><h3>${escapeHtml(panel.title)}</h3>${content}</section>`

  function drawn(): string {
    if (panel.kind === 'stat') {
      const value = lines[0]!.points.at(-1)?.[1] ?? 0
      return `<div class="stat">${escapeHtml(formatUnit(value, panel.unit))}</div>`
    }
    return panel.kind === 'table' ? tableHtml(lines) : chartHtml(panel, lines, charts)
  }
}

function tableHtml(lines: readonly Line[]): string {
  const names = [...new Set(lines.flatMap(({ labels }) => Object.keys(labels)))]
  const rows = [...lines].sort((a, b) => (b.points.at(-1)?.[1] ?? 0) - (a.points.at(-1)?.[1] ?? 0))
  const head = [...names, 'impact'].map((name) => `<th>${escapeHtml(name)}</th>`).join('')
  const body = rows
    .map(({ labels, points }) => {
      const cells = [
        ...names.map((name) => labels[name] ?? ''),
        String(Math.round(points.at(-1)?.[1] ?? 0)),
      ]
      return `<tr>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`
    })
    .join('')
  return `<table><tr>${head}</tr>${body}</table>`
}

function chartHtml(panel: PanelData['panel'], lines: readonly Line[], charts: object[]): string {
  const id = `chart-${charts.length}`
  const times = [
    ...new Set(lines.flatMap(({ points }) => points.map(([seconds]) => seconds))),
  ].sort((a, b) => a - b)
  const columns = lines.map(({ points }) => {
    const values = new Map(points)
    return times.map((time) => values.get(time) ?? null)
  })
  const colors = lines.map((_, i) => COLORS[i % COLORS.length]!)
  const stacked = panel.stacked === true
  charts.push({ id, data: [times, ...(stacked ? stack(columns) : columns)], colors, stacked })
  const legend = lines
    .map(({ name }, i) => `<i style="background:${colors[i]}"></i>${escapeHtml(name)}`)
    .join('')
  return `<div id="${id}" data-unit="${panel.unit}"></div><div class="legend">${legend}</div>`
}

function stack(columns: readonly (readonly (number | null)[])[]): number[][] {
  const sums: number[][] = []
  for (const column of columns) {
    const below = sums.at(-1)
    sums.push(column.map((value, i) => (value ?? 0) + (below?.[i] ?? 0)))
  }
  return sums
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
