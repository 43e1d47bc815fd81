import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Cron } from 'croner'
import type { Config } from './config/schema.ts'
import type { AnalyzerView } from './model/analyzer-view.ts'
import type { EventSink } from './model/event.ts'
import { buildReport } from './report/build-report.ts'
import { renderReport } from './report/render.ts'

export interface ReportScheduleOptions {
  readonly config: Config
  readonly version: string
  /** The tenants that have sent something, with what is known of each. */
  readonly views: () => readonly (readonly [tenant: string, view: AnalyzerView])[]
  readonly emit: EventSink
  readonly onProblem: (message: string) => void
}

/** Writes the reports that the config asks for, when their cron expressions say so. Returns what stops it. */
export function startReportSchedule(options: ReportScheduleOptions): () => void {
  const jobs = options.config.reports.map(
    (report) => new Cron(report.cron, { unref: true }, () => writeReports(report, options)),
  )
  return () => {
    for (const job of jobs) job.stop()
  }
}

type ReportConfig = Config['reports'][number]

function writeReports(
  { dir, format, windowMs }: ReportConfig,
  options: ReportScheduleOptions,
): void {
  for (const [tenant, view] of options.views()) {
    try {
      const report = buildReport(view, windowMs, options.version)
      const stamp = report.generatedAt.replaceAll(':', '').replace(/\.\d+/, '')
      const file = join(dir, `chokepoint-${encodeURIComponent(tenant)}-${stamp}.${format}`)
      mkdirSync(dir, { recursive: true })
      writeFileSync(file, renderReport(report, format))
      const data = { format, file, generatedAt: report.generatedAt }
      options.emit({ type: 'report.ready', timestamp: report.generatedAt, tenant, data })
    } catch (error) {
      options.onProblem(
        `cannot write the report of ${tenant} to ${dir}: ${(error as Error).message}`,
      )
    }
  }
}
