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
.panel { background: #fff; border: 1px solid #e1e4e8; border-radius: 4px; padding: 8px 10px; min-width: 0; overflow: hidden; position: relative }
.panel h3 { font-size: 13px; margin: 0 0 6px; font-weight: 600 }
.stat { font-size: 38px; font-weight: 600; padding: 14px 0 34px; text-align: center; position: relative; z-index: 1 }
.spark { position: absolute; left: 0; right: 0; bottom: 0; width: 100%; height: 46px }
.none { color: #8b949e; padding: 70px 0; text-align: center }
table { border-collapse: collapse; width: 100%; font-size: 12px } td, th { text-align: left; padding: 5px 10px 5px 0; border-bottom: 1px solid #eef0f2; vertical-align: top }
td.impact { width: 110px; white-space: nowrap } .bar { display: inline-block; height: 10px; border-radius: 2px; margin-right: 6px; vertical-align: middle }
.legend { font-size: 11px; line-height: 15px; color: #57606a; max-height: 45px; overflow: hidden; margin-top: 4px } .legend span { white-space: nowrap; margin-right: 12px }
.legend i { display: inline-block; width: 12px; height: 3px; border-radius: 1px; margin: 0 5px 3px 0 }
`

const COLORS = [
  ...['#3274d9', '#e0752d', '#37872d', '#a352cc', '#c4162a', '#1f9e9e', '#b8860b', '#7a7a7a'],
  ...['#8ab8ff', '#ffb357', '#96d98d', '#ca95e5', '#ff7383', '#6ed0e0', '#e5c35c', '#b0b0b0'],
]
const FINE = '#37872d'
const WARNING = '#e0752d'
const CRITICAL = '#c4162a'
const SEVERITIES: Readonly<Record<string, string>> = {
  info: '#3274d9',
  warning: WARNING,
  critical: CRITICAL,
}

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
for (const { id, data, colors, stacked, bounds } of charts) {
  const element = document.getElementById(id)
  const series = colors.map((stroke) => ({ stroke, width: 1.4, fill: stacked ? stroke : stroke + '14', points: { show: false } }))
  const bands = stacked ? colors.slice(1).map((color, i) => ({ series: [i + 2, i + 1], fill: color + '99' })) : []
  if (stacked) for (const one of series.slice(1)) one.fill = undefined
  if (stacked && series.length > 0) series[0].fill = colors[0] + '99'
  const highest = Math.max(...data.slice(1).flat().filter((value) => value !== null), 0)
  const drawBounds = (plot) => {
    const { ctx, bbox } = plot
    for (const { value, color } of bounds) {
      const y = plot.valToPos(value, 'y', true)
      if (y < bbox.top) continue
      ctx.save(); ctx.strokeStyle = color; ctx.lineWidth = 1.5; ctx.setLineDash([7, 5]); ctx.beginPath()
      ctx.moveTo(bbox.left, y); ctx.lineTo(bbox.left + bbox.width, y); ctx.stroke(); ctx.restore()
    }
  }
  const grid = { stroke: '#eaecef', width: 1 }
  new uPlot({ width: element.clientWidth, height: 176, legend: { show: false }, cursor: { show: false }, bands, padding: [8, 8, 0, 0],
    axes: [{ size: 26, grid, values: (_, ticks) => ticks.map((tick) => new Date(tick * 1000).toISOString().slice(14, 19)), space: 70 },
      { size: 84, grid, values: (_, ticks) => ticks.map((tick) => format(tick, element.dataset.unit)) }],
    scales: { y: { range: () => [0, (highest || 1) * 1.12] } }, series: [{}, ...series], hooks: { draw: [drawBounds] } }, data, element)
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
    if (panel.kind === 'stat') return statHtml(panel, lines[0]!.points)
    return panel.kind === 'table' ? tableHtml(panel, lines) : chartHtml(panel, lines, charts)
  }
}

/** The newest value in the colour of its bounds, over the area of what was. */
function statHtml(panel: PanelData['panel'], points: Line['points']): string {
  const value = points.at(-1)?.[1] ?? 0
  const color = colorOf(value, panel)
  const highest = Math.max(...points.map(([, each]) => each), 0) || 1
  const path = points
    .map(
      ([, each], i) =>
        `${((i / (points.length - 1 || 1)) * 100).toFixed(2)},${(40 - (each / highest) * 34).toFixed(2)}`,
    )
    .join(' ')
  return `<div class="stat" style="color:${color}">${escapeHtml(formatUnit(value, panel.unit))}</div>
<svg class="spark" viewBox="0 0 100 40" preserveAspectRatio="none"><polygon points="0,40 ${path} 100,40" fill="${color}" opacity="0.14"/></svg>`
}

function colorOf(value: number, { warning, critical }: PanelData['panel']): string {
  if (critical !== undefined && value >= critical) return CRITICAL
  return warning !== undefined && value >= warning ? WARNING : FINE
}

/** The panel's columns; the value as Grafana draws a gauge in a cell, severities in their colours. */
function tableHtml(panel: PanelData['panel'], lines: readonly Line[]): string {
  // The last column is the id that a row links to its finding by: nothing to look at.
  const columns = (panel.columns ?? []).slice(0, -1)
  const rows = [...lines].sort((a, b) => newestOf(b) - newestOf(a))
  const head = columns.map(([, heading]) => `<th>${escapeHtml(heading)}</th>`).join('')
  const body = rows
    .map((line) => `<tr>${columns.map(([field]) => cellHtml(field, line, panel)).join('')}</tr>`)
    .join('')
  return `<table><tr>${head}</tr>${body}</table>`
}

function cellHtml(field: string, line: Line, panel: PanelData['panel']): string {
  if (field === 'Value') {
    const value = newestOf(line)
    const color = colorOf(value, panel)
    return `<td class="impact"><span class="bar" style="width:${Math.round(value * 0.7)}px;background:${color}"></span><b style="color:${color}">${Math.round(value)}</b></td>`
  }
  const text = line.labels[field] ?? ''
  const color = field === 'severity' ? SEVERITIES[text] : undefined
  return `<td${color === undefined ? '' : ` style="color:${color};font-weight:600"`}>${escapeHtml(text)}</td>`
}

function newestOf({ points }: Line): number {
  return points.at(-1)?.[1] ?? 0
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
  const bounds = [
    ...(panel.warning === undefined ? [] : [{ value: panel.warning, color: WARNING }]),
    ...(panel.critical === undefined ? [] : [{ value: panel.critical, color: CRITICAL }]),
  ]
  const data = [times, ...(stacked ? stack(columns) : columns)]
  charts.push({ id, data, colors, stacked, bounds })
  const legend = lines
    .map(
      ({ name }, i) => `<span><i style="background:${colors[i]}"></i>${escapeHtml(name)}</span> `,
    )
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
