import type { PerformanceReport, ReportFormat } from '../model/report.ts'
import { renderCsv } from './render-csv.ts'
import { renderHtml } from './render-html.ts'

/** How each format is written, and what HTTP calls it. */
export const REPORT_FORMATS: Readonly<
  Record<
    ReportFormat,
    { readonly mediaType: string; readonly render: (report: PerformanceReport) => string }
  >
> = {
  json: {
    mediaType: 'application/json; charset=utf-8',
    render: (report) => `${JSON.stringify(report)}\n`,
  },
  csv: { mediaType: 'text/csv; charset=utf-8; header=present', render: renderCsv },
  html: { mediaType: 'text/html; charset=utf-8', render: renderHtml },
}

/** The report's text in one of the formats; HTML is one file that opens without a network. */
export function renderReport(report: PerformanceReport, format: ReportFormat): string {
  return REPORT_FORMATS[format].render(report)
}
