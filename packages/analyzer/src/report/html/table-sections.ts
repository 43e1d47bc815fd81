import type { PerformanceReport } from '../../model/report.ts'
import type { ComponentMetrics, SystemMetrics } from '../../model/snapshot.ts'
import { formatValue } from '../page/values.js'
import { html, type SafeHtml } from './safe-html.ts'
import { leftOut, ROWS_MAX, table } from './table.ts'
import { serviceName } from './words.ts'

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
      <th scope="row">${serviceName(row.resource)} <span class="instance" title="${instance}">${instance}</span></th>
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

function numbers(cells: readonly (readonly [number | undefined, string])[]): SafeHtml[] {
  return cells.map(
    ([value, unit]) =>
      html`<td class="number">${value === undefined ? '–' : formatValue(value, unit)}</td>`,
  )
}
