// @ts-check
// Draws the charts of the live page and of the report with uPlot, which is a global here. The data is
// JSON in the element #chokepoint-data; names, values and queries are in the HTML already.

import { formatValue } from './values.js'

/**
 * @typedef {{ labels: Record<string, string>, points: [timeMs: number, value: number][] }} Line
 * @typedef {{ title: string, unit: string, query: string, series: Line[] }} Chart
 */

const HEIGHT_PX = 168

/** @type {WeakMap<Element, { plot: any, lines: string }>} */
const drawn = new WeakMap()

/**
 * Draws, or brings up to date, every chart below `root`.
 * @param {ParentNode} root
 * @param {Chart[]} [charts] read from the document when absent
 */
export function drawCharts(root, charts = embeddedCharts()) {
  for (const figure of root.querySelectorAll('[data-chart]')) {
    const chart = charts[Number(figure.getAttribute('data-chart'))]
    const holder = figure.querySelector('.plot')
    if (!chart || !(holder instanceof HTMLElement)) continue
    const colors = [...figure.querySelectorAll('.legend li')].map(
      (line) => line.getAttribute('data-line') ?? '0',
    )
    drawChart(holder, chart, colors)
  }
}

/** @returns {Chart[]} */
function embeddedCharts() {
  const element = document.getElementById('chokepoint-data')
  return element ? JSON.parse(element.textContent ?? '{}').charts : []
}

/**
 * @param {HTMLElement} holder
 * @param {Chart} chart
 * @param {string[]} colors a number of `--line-…` for each line
 */
function drawChart(holder, chart, colors) {
  const data = alignPoints(chart.series)
  const known = drawn.get(holder)
  const lines = JSON.stringify([chart.title, colors, chart.series.map(({ labels }) => labels)])
  if (known && known.lines === lines) {
    known.plot.setData(data)
    return
  }
  known?.plot.destroy()
  // @ts-expect-error uPlot is the global of a classic script.
  const plot = new uPlot(plotOptions(holder, chart, colors), data, holder)
  drawn.set(holder, { plot, lines })
  if (!known) watch(holder)
}

/**
 * Lines with times of their own as uPlot wants them: one list of times in seconds, a column a line.
 * @param {Line[]} lines
 */
export function alignPoints(lines) {
  const times = [...new Set(lines.flatMap(({ points }) => points.map(([at]) => at)))].sort(
    (a, b) => a - b,
  )
  const columns = lines.map(({ points }) => {
    const values = new Map(points)
    return times.map((at) => values.get(at) ?? null)
  })
  return [times.map((at) => at / 1000), ...columns]
}

/**
 * @param {HTMLElement} holder
 * @param {Chart} chart
 * @param {string[]} colors
 */
function plotOptions(holder, chart, colors) {
  const color = (/** @type {string} */ name) => () =>
    getComputedStyle(document.documentElement).getPropertyValue(name).trim()
  const grid = { stroke: color('--chart-grid'), width: 1 }
  const single = chart.series.length === 1
  return {
    width: Math.max(120, holder.clientWidth),
    height: HEIGHT_PX,
    padding: [10, 20, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: { x: { time: true }, y: { range: yRange } },
    axes: [
      {
        stroke: color('--muted'),
        font: axisFont(),
        grid: { show: false },
        ticks: { show: false },
        size: 26,
        gap: 6,
        space: 70,
        values: clockLabels,
      },
      {
        stroke: color('--muted'),
        font: axisFont(),
        grid,
        ticks: { show: false },
        size: 64,
        gap: 6,
        space: 34,
        ...(chart.unit === 'By' ? { incrs: BYTE_STEPS } : {}),
        values: (/** @type {unknown} */ _plot, /** @type {number[]} */ splits) =>
          splits.map((value) => formatValue(value, chart.unit)),
      },
    ],
    series: [
      {},
      ...chart.series.map((line, index) => {
        const name = `--line-${colors[index] ?? 0}`
        return {
          label: Object.values(line.labels).join(' ') || 'all',
          stroke: color(name),
          width: 1.75,
          points: { show: line.points.length < 2 },
          ...(single ? { fill: color('--line-soft') } : {}),
        }
      }),
    ],
    plugins: [tooltip(chart, colors)],
  }
}

/** Ticks of memory are whole powers of two. */
const BYTE_STEPS = Array.from({ length: 50 }, (_, power) => 2 ** power)

/**
 * The time of day of each tick, with seconds only where ticks are less than a minute apart.
 * @param {unknown} _plot
 * @param {number[]} splits
 */
function clockLabels(_plot, splits) {
  const fine = splits.some((at) => at % 60 !== 0)
  return splits.map((at) => {
    const [hours, minutes, seconds] = new Date(at * 1000).toTimeString().slice(0, 8).split(':')
    return fine ? `${hours}:${minutes}:${seconds}` : `${hours}:${minutes}`
  })
}

/** A chart starts at zero, so that half as high is half as much. */
function yRange(
  /** @type {unknown} */ _plot,
  /** @type {number} */ min,
  /** @type {number} */ max,
) {
  return [Math.min(0, min ?? 0), max > 0 ? max * 1.1 : 1]
}

function axisFont() {
  const family = getComputedStyle(document.body).fontFamily
  return `11px ${family}`
}

/**
 * The values under the pointer, beside it.
 * @param {Chart} chart
 * @param {string[]} colors
 */
function tooltip(chart, colors) {
  const box = document.createElement('div')
  box.className = 'tooltip'
  box.hidden = true
  return {
    hooks: {
      init: (/** @type {any} */ plot) => plot.over.append(box),
      setCursor: (/** @type {any} */ plot) => {
        const { idx, left } = plot.cursor
        box.hidden = idx === null || idx === undefined || left < 0
        if (box.hidden) return
        box.replaceChildren(...tooltipRows(plot, chart, colors, idx))
        const right = left > plot.over.clientWidth / 2
        box.style.left = right ? '' : `${left + 12}px`
        box.style.right = right ? `${plot.over.clientWidth - left + 12}px` : ''
      },
    },
  }
}

/**
 * @param {any} plot
 * @param {Chart} chart
 * @param {string[]} colors
 * @param {number} index
 */
function tooltipRows(plot, chart, colors, index) {
  const when = document.createElement('p')
  when.textContent = new Date(plot.data[0][index] * 1000).toLocaleTimeString()
  const rows = chart.series.flatMap((line, at) => {
    const value = plot.data[at + 1][index]
    if (value === null || value === undefined) return []
    const row = document.createElement('p')
    row.dataset.line = colors[at] ?? '0'
    const name = document.createElement('span')
    name.textContent = Object.values(line.labels).join(' ') || 'all'
    const number = document.createElement('strong')
    number.textContent = formatValue(value, chart.unit)
    row.append(name, number)
    return [row]
  })
  return [when, ...rows]
}

/** Keeps a chart as wide as its place, and in the colours of the reader's scheme. */
function watch(/** @type {HTMLElement} */ holder) {
  new ResizeObserver(() => {
    const width = Math.max(120, holder.clientWidth)
    const plot = drawn.get(holder)?.plot
    if (plot && plot.width !== width) plot.setSize({ width, height: HEIGHT_PX })
  }).observe(holder)
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () =>
    drawn.get(holder)?.plot.redraw(false, true),
  )
}
