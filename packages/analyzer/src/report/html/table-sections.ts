import type { PerformanceReport } from '../../model/report.ts'
import type { ComponentMetrics, SystemMetrics } from '../../model/snapshot.ts'
import { html, type SafeHtml } from './safe-html.ts'
import { formatValue } from './units.ts'
import { badge, query, serviceName, time } from './words.ts'

/** More rows than a person reads; JSON and CSV have them all. */
const ROWS_MAX = 100

/** Routes, peers, databases, queues and named components, by the time they take in all. */
export function componentSection(report: PerformanceReport): SafeHtml {
  const rows = report.snapshot.components
  return html`<section aria-labelledby="components-title">
  <h2 id="components-title">Components <span class="muted">by total time</span></h2>
  ${
    rows.length > 0
      ? table(
          'components',
          ['Component', 'Service', 'Kind', '#Calls', '#Errors', '#Mean', '#p50', '#p95', '#p99'],
          rows.slice(0, ROWS_MAX).map(componentRow),
        )
      : html`<p class="empty">No component was called in this window.</p>`
  }
  ${leftOut(rows.length)}
</section>`
}

function componentRow(row: ComponentMetrics): SafeHtml {
  const instance = row.resource['service.instance.id'] ?? ''
  return html`<tr data-key="${serviceName(row.resource)} ${instance} ${row.kind} ${row.component} ${row.operation}">
      <th scope="row"><span class="operation">${row.operation}</span> ${row.component}</th>
      <td title="${instance}">${serviceName(row.resource)}</td>
      <td>${row.kind}</td>
      ${numbers([
        [row.ratePerSecond, '/s'],
        [row.errorRate, '1'],
        [row.meanSeconds, 's'],
        [row.p50Seconds, 's'],
        [row.p95Seconds, 's'],
        [row.p99Seconds, 's'],
      ])}
    </tr>`
}

/** Hosts and processes as they are at the end of the window. */
export function systemSection(report: PerformanceReport): SafeHtml | false {
  const rows = report.snapshot.systems
  if (rows.length === 0) return false
  return html`<section aria-labelledby="systems-title">
  <h2 id="systems-title">Processes and hosts</h2>
  ${table(
    'systems',
    [
      'Reporter',
      '#CPU',
      '#Memory',
      '#Heap',
      '#Event loop',
      '#Loop delay p99',
      '#Host CPU',
      '#Host memory',
      '#Disk',
    ],
    rows.slice(0, ROWS_MAX).map(systemRow),
  )}
  ${leftOut(rows.length)}
</section>`
}

function systemRow(row: SystemMetrics): SafeHtml {
  const instance = row.resource['service.instance.id'] ?? row.resource['host.name'] ?? ''
  return html`<tr data-key="${serviceName(row.resource)} ${instance}">
      <th scope="row">${serviceName(row.resource)} <span class="muted small">${instance}</span></th>
      ${numbers([
        [row.processCpuUtilization, '1'],
        [row.processMemoryBytes, 'By'],
        [row.heapUsedBytes, 'By'],
        [row.eventLoopUtilization, '1'],
        [row.eventLoopDelayP99Seconds, 's'],
        [row.cpuUtilization, '1'],
        [row.memoryUtilization, '1'],
        [row.diskUtilization, '1'],
      ])}
    </tr>`
}

/** Alerts that fire or wait now, and every step they took in the window, newest first. */
export function alertSection(report: PerformanceReport): SafeHtml {
  const now = report.snapshot.alerts.filter(({ state }) => state !== 'resolved')
  const steps = [...report.alertHistory].sort((a, b) => (a.at < b.at ? 1 : -1))
  return html`<section aria-labelledby="alerts-title">
  <h2 id="alerts-title">Alerts</h2>
  ${
    now.length > 0
      ? table(
          'alerts',
          ['Alert', 'Severity', 'State', '#Value', 'Since', 'Query'],
          now.slice(0, ROWS_MAX).map(
            (one) => html`<tr data-key="${one.id}">
      <th scope="row">${one.name}<br><span class="muted small">${one.annotations.summary ?? labelText(one.labels)}</span></th>
      <td>${badge(one.severity)}</td><td>${one.state}</td>
      <td class="number">${formatValue(one.value, '')}</td><td>${time(one.activeSince)}</td><td>${query(one.query)}</td>
    </tr>`,
          ),
        )
      : html`<p class="empty">No alert is pending or firing.</p>`
  }
  ${
    steps.length > 0 &&
    html`<h3>History</h3>
  ${table(
    'alert-history',
    ['When', 'Alert', 'Severity', 'Step', '#Value'],
    steps.slice(0, ROWS_MAX).map(
      ({ alert, from, to, at }) => html`<tr data-key="${alert.id} ${at} ${to}">
      <td>${time(at)}</td><th scope="row">${alert.name} <span class="muted small">${labelText(alert.labels)}</span></th>
      <td>${badge(alert.severity)}</td><td>${from} → ${to}</td><td class="number">${formatValue(alert.value, '')}</td>
    </tr>`,
    ),
  )}
  ${leftOut(steps.length)}`
  }
</section>`
}

/** A table in a frame that scrolls by itself; a heading that starts with `#` is a column of numbers. */
function table(testId: string, headings: readonly string[], rows: readonly SafeHtml[]): SafeHtml {
  return html`<div class="card scroll" tabindex="0" role="region" aria-label="Table: ${testId.replace('-', ' ')}"><table data-testid="${testId}">
    <thead><tr>${headings.map((heading) =>
      heading.startsWith('#')
        ? html`<th scope="col" class="number">${heading.slice(1)}</th>`
        : html`<th scope="col">${heading}</th>`,
    )}</tr></thead>
    <tbody>${rows}</tbody>
  </table></div>`
}

function numbers(cells: readonly (readonly [number | undefined, string])[]): SafeHtml[] {
  return cells.map(
    ([value, unit]) =>
      html`<td class="number">${value === undefined ? '–' : formatValue(value, unit)}</td>`,
  )
}

function leftOut(rows: number): SafeHtml | false {
  return (
    rows > ROWS_MAX &&
    html`<p class="muted small">${rows - ROWS_MAX} more rows are in the JSON and the CSV report.</p>`
  )
}

function labelText(labels: Readonly<Record<string, string>>): string {
  return Object.entries(labels)
    .filter(([name]) => name !== 'alertname' && name !== 'severity')
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}
