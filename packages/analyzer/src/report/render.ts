import type { PerformanceReport, ReportFormat } from '../model/report.ts'
import { jsonTexts } from '../model/text-pieces.ts'
import { csvTexts } from './render-csv.ts'
import { htmlTexts } from './render-html.ts'

/** How each format is written, as texts one behind the other, and what HTTP calls it. */
export const REPORT_FORMATS: Readonly<
  Record<
    ReportFormat,
    { readonly mediaType: string; readonly texts: (report: PerformanceReport) => Iterable<string> }
  >
> = {
  json: {
    mediaType: 'application/json; charset=utf-8',
    *texts(report) {
      yield* jsonTexts(report)
      yield '\n'
    },
  },
  csv: { mediaType: 'text/csv; charset=utf-8; header=present', texts: csvTexts },
  html: { mediaType: 'text/html; charset=utf-8', texts: htmlTexts },
}

/** The report's text in one of the formats; HTML is one file that opens without a network. */
export function renderReport(report: PerformanceReport, format: ReportFormat): string {
  return [...REPORT_FORMATS[format].texts(report)].join('')
}
