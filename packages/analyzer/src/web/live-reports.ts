import type { AnalyzerView } from '../model/analyzer-view.ts'
import type { PerformanceReport } from '../model/report.ts'
import { buildReport } from '../report/build-report.ts'

const WINDOW_MS = 15 * 60_000
/** Many open pages ask for the same thing; one answer serves them for this long. */
const FRESH_MS = 1000
/** Or longer, so that the page never takes more than this part of the processor's time. */
const TIME_SHARE_MAX = 0.05

/** What the live page shows of each tenant: the report of the last 15 minutes, lately made. */
export interface LiveReports {
  readonly of: (tenant: string) => PerformanceReport
  /** Makes the next report new, because somebody changed something. */
  readonly forget: (tenant: string) => void
}

interface Made {
  readonly report: PerformanceReport
  readonly freshUntilMs: number
}

export function createLiveReports(
  view: (tenant: string) => AnalyzerView,
  version: string,
): LiveReports {
  const latest = new WeakMap<AnalyzerView, Made>()
  return {
    of: (tenant) => {
      const source = view(tenant)
      const known = latest.get(source)
      // Spans of time on the server, not instants of the data: the monotonic clock is the right one.
      const startMs = performance.now()
      if (known !== undefined && startMs < known.freshUntilMs) return known.report
      const report = buildReport(source, WINDOW_MS, version)
      const endMs = performance.now()
      const freshMs = Math.max(FRESH_MS, (endMs - startMs) / TIME_SHARE_MAX)
      latest.set(source, { report, freshUntilMs: endMs + freshMs })
      return report
    },
    forget: (tenant) => latest.delete(view(tenant)),
  }
}
