import type { AnalyzerView } from '../model/analyzer-view.ts'
import type { PerformanceReport } from '../model/report.ts'
import { buildReport } from '../report/build-report.ts'
import type { ComputeView } from './ports.ts'

const WINDOW_MS = 15 * 60_000
/** Many open pages ask for the same thing; one answer serves them for this long. */
const FRESH_MS = 1000
/** Or longer, so that the page never takes more than this part of the processor's time. */
const TIME_SHARE_MAX = 0.05

/** What the live page shows of each tenant: the report of the last 15 minutes, lately made. */
export interface LiveReports {
  readonly of: (tenant: string) => Promise<PerformanceReport>
  /** Makes the next report new, because somebody changed something. */
  readonly forget: (tenant: string) => void
}

interface LiveReportOptions {
  readonly version: string
  readonly view: (tenant: string) => AnalyzerView
  readonly compute: ComputeView
}

interface Made {
  readonly report: Promise<PerformanceReport>
  /** Infinity while it is being made. */
  freshUntilMs: number
}

export function createLiveReports({ version, view, compute }: LiveReportOptions): LiveReports {
  const latest = new WeakMap<AnalyzerView, Made>()
  return {
    of: (tenant) => {
      const source = view(tenant)
      const known = latest.get(source)
      // Spans of time on the server, not instants of the data: the monotonic clock is the right one.
      const startMs = performance.now()
      if (known !== undefined && startMs < known.freshUntilMs) return known.report
      const report = compute(tenant, (at) => buildReport(at, WINDOW_MS, version))
      const made: Made = { report, freshUntilMs: Number.POSITIVE_INFINITY }
      latest.set(source, made)
      const settled = () => {
        const endMs = performance.now()
        made.freshUntilMs = endMs + Math.max(FRESH_MS, (endMs - startMs) / TIME_SHARE_MAX)
      }
      report.then(settled, () => latest.delete(source))
      return report
    },
    forget: (tenant) => latest.delete(view(tenant)),
  }
}
