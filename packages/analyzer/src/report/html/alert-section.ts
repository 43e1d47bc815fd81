import type { Alert, AlertTransition } from '../../model/alert.ts'
import type { PerformanceReport } from '../../model/report.ts'
import { formatValue } from '../page/values.js'
import { html, type SafeHtml } from './safe-html.ts'
import { leftOut, ROWS_MAX, table } from './table.ts'
import { badge, count, elapsed, panelLink, query, time } from './words.ts'

/** Alerts that fire or wait now, and every step they took in the window, newest first. */
export function alertSection(report: PerformanceReport): SafeHtml {
  const active = report.snapshot.alerts.filter(({ state }) => state !== 'resolved')
  const now = [...active].sort((a, b) => rank(a) - rank(b))
  const steps = [...report.alertHistory].sort((a, b) => (a.at < b.at ? 1 : -1))
  return html`<section aria-labelledby="alerts-title">
  <h2 id="alerts-title">Alerts</h2>
  ${
    now.length > 0
      ? html`<ul class="card alerts" data-testid="alerts">${now
          .slice(0, ROWS_MAX)
          .map((one) => alertRow(one, report.generatedAt))}</ul>`
      : html`<p class="empty">No alert is pending or firing.</p>`
  }
  ${leftOut(now.length)}
  ${
    steps.length > 0 &&
    html`<details class="history"><summary>History: ${count(steps.length, 'step')}</summary>
  ${table('alert-history', ['When', 'Alert', 'Severity', 'Step', '#Value'], steps.slice(0, ROWS_MAX).map(stepRow))}
  ${leftOut(steps.length)}</details>`
  }
</section>`
}

/** Firing before pending, and what matters more before what matters less. */
function rank({ state, severity }: Alert): number {
  const severityRank = { critical: 0, warning: 1, info: 2 }[severity]
  return (state === 'firing' ? 0 : 10) + severityRank
}

function alertRow(alert: Alert, nowIso: string): SafeHtml {
  const { state } = alert
  return html`<li data-key="${alert.id}" data-testid="alert" data-state="${state}">
      <span class="mark-cell">${badge(state === 'firing' ? alert.severity : 'pending', state === 'firing' ? alert.severity : `${alert.severity}, pending`)}</span>
      <span class="said"><strong>${alert.name}</strong> <span class="muted">${textOf(alert)}</span> ${panelLink(alert.annotations.dashboard_url, 'Grafana')}</span>
      <span class="since muted">for ${elapsed(alert.activeSince, nowIso)}</span>
      ${query(alert.query)}
    </li>`
}

function stepRow({ alert, from, to, at }: AlertTransition): SafeHtml {
  return html`<tr data-key="${alert.id} ${at} ${to}">
      <td>${time(at)}</td>
      <th scope="row" class="wrap">${alert.name} <span class="muted small">${textOf(alert)}</span></th>
      <td>${badge(alert.severity)}</td>
      <td>${from} → ${to}</td>
      <td class="number">${formatValue(alert.value, '')}</td>
    </tr>`
}

/** What the rule's author says about it; without that, what it is about. */
function textOf({ annotations, labels }: Alert): string {
  const said = annotations.summary ?? annotations.description
  if (said !== undefined && said !== '') return said
  return Object.entries(labels)
    .filter(([name]) => name !== 'alertname' && name !== 'severity')
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}
