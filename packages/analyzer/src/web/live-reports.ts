import type { AnalyzerView } from '../model/analyzer-view.ts'
import type { PerformanceReport } from '../model/report.ts'
import { buildReport } from '../report/build-report.ts'

const WINDOW_MS = 15 * 60_000
/** Many open pages ask for the same thing; one answer serves them for this long. */
const FRESH_MS = 1000

/** The report that the live page shows of a tenant: the last 15 minutes, at most a second old. */
export type LiveReports = (tenant: string) => PerformanceReport

export function createLiveReports(
  view: (tenant: string) => AnalyzerView,
  version: string,
): LiveReports {
  const latest = new WeakMap<AnalyzerView, { readonly madeMs: number; report: PerformanceReport }>()
  return (tenant) => {
    const source = view(tenant)
    const known = latest.get(source)
    // A span of time on the server, not an instant of the data: the monotonic clock is the right one.
    const nowMs = performance.now()
    if (known !== undefined && nowMs - known.madeMs < FRESH_MS) return known.report
    const report = buildReport(source, WINDOW_MS, version)
    latest.set(source, { madeMs: nowMs, report })
    return report
  }
}
