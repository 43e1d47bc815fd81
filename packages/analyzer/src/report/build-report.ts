import type { AnalyzerView } from '../model/analyzer-view.ts'
import type { Bottleneck } from '../model/bottleneck.ts'
import type { PerformanceReport } from '../model/report.ts'
import { readCharts } from './read-charts.ts'

/** What the view knows now, and what was over the last `windowMs`, as one value. */
export function buildReport(
  view: AnalyzerView,
  windowMs: number,
  version: string,
): PerformanceReport {
  const endMs = view.now()
  const startMs = endMs - windowMs
  return {
    product: 'chokepoint',
    version,
    generatedAt: new Date(endMs).toISOString(),
    window: {
      start: new Date(startMs).toISOString(),
      end: new Date(endMs).toISOString(),
      seconds: windowMs / 1000,
    },
    snapshot: view.snapshot(),
    bottlenecks: view.bottlenecks().filter((one) => wasActiveSince(one, startMs)),
    alertHistory: view.alertHistory().filter(({ at }) => Date.parse(at) >= startMs),
    charts: readCharts(view.queryRange, endMs, windowMs),
  }
}

function wasActiveSince(bottleneck: Bottleneck, startMs: number): boolean {
  return (
    bottleneck.status === 'active' ||
    Date.parse(bottleneck.resolvedAt ?? bottleneck.lastSeen) >= startMs
  )
}
