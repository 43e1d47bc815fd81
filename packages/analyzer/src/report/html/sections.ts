import type { ProfileState } from '../../model/profile.ts'
import type { PerformanceReport } from '../../model/report.ts'
import { alertSection } from './alert-section.ts'
import { bottleneckTexts } from './bottleneck-section.ts'
import { chartSection } from './chart-section.ts'
import { html } from './safe-html.ts'
import { summarySection } from './summary-section.ts'
import { componentSection, systemSection } from './table-sections.ts'

export interface SectionOptions {
  /** True on the live page: recommendations get their buttons. */
  readonly actions: boolean
  /** Where a service can be asked for profiles, or was. */
  readonly profiles?: ProfileState
}

/** The body that the live page and the report share, in the order in which a person asks, text by text. */
export function* sectionTexts(
  report: PerformanceReport,
  options: SectionOptions,
): Generator<string> {
  yield html`${summarySection(report)}\n`.text
  yield* bottleneckTexts(report, options)
  for (const section of [chartSection, componentSection, systemSection, alertSection]) {
    yield html`\n${section(report)}`.text
  }
}
