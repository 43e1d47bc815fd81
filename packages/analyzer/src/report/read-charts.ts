import type { QueryRangeFunc, QuerySeries } from '../model/query.ts'
import type { ReportChart } from '../model/report.ts'
import { CHART_ROWS } from './chart-rows.ts'

/** A line per pixel column is more than an eye tells apart; this many points fill a chart. */
const POINTS_MAX = 180
const WINDOW_MS_MIN = 10_000
/** More lines than this in one chart cannot be told apart; the highest are kept. */
const LINES_MAX = 8
/** Rate windows, shortest first: the first that has an answer fits how often the services report. */
const RATE_RANGES = ['30s', '2m', '5m'] as const

/**
 * The key charts over `[endMs - windowMs, endMs]`; a chart that nobody has data for is absent. While the
 * data is younger than a third of the window, they are read again over its age only, in finer steps.
 */
export function readCharts(
  queryRange: QueryRangeFunc,
  endMs: number,
  windowMs: number,
): ReportChart[] {
  const charts = readWindow(queryRange, endMs, windowMs)
  const firsts = charts.flatMap(({ series }) => series.map(({ points }) => points[0]![0]))
  const ageMs = Math.max(WINDOW_MS_MIN, endMs - Math.min(...firsts))
  return charts.length > 0 && ageMs < windowMs / 3 ? readWindow(queryRange, endMs, ageMs) : charts
}

function readWindow(queryRange: QueryRangeFunc, endMs: number, windowMs: number): ReportChart[] {
  const stepMs = Math.max(1000, Math.ceil(windowMs / POINTS_MAX / 1000) * 1000)
  // Steps on whole multiples keep a point's value the same from one reading to the next.
  const end = Math.floor(endMs / stepMs) * stepMs
  const start = Math.ceil((endMs - windowMs) / stepMs) * stepMs
  const charts: ReportChart[] = []
  for (const row of CHART_ROWS) {
    const ranges = row.query.includes('$range') ? RATE_RANGES : [RATE_RANGES[0]]
    for (const range of ranges) {
      const query = row.query.replaceAll('$range', range)
      const series = drawable(queryRange(query, start, end, stepMs))
      if (series.length === 0) continue
      charts.push({ title: row.title, unit: row.unit, query, series: highest(series) })
      break
    }
  }
  return charts
}

/** Without points that cannot be drawn: JSON has no NaN and no infinity. */
function drawable(series: readonly QuerySeries[]): QuerySeries[] {
  return series
    .map(({ labels, points }) => ({
      labels,
      points: points.filter(([, value]) => Number.isFinite(value)),
    }))
    .filter(({ points }) => points.length > 0)
}

function highest(series: readonly QuerySeries[]): QuerySeries[] {
  const peak = ({ points }: QuerySeries) => points.reduce((most, [, v]) => Math.max(most, v), 0)
  const kept = [...series].sort((a, b) => peak(b) - peak(a)).slice(0, LINES_MAX)
  const name = ({ labels }: QuerySeries) => Object.values(labels).join(' ')
  return kept.sort((a, b) => (name(a) < name(b) ? -1 : 1))
}
