import type { PerformanceReport } from '../../model/report.ts'
import type { ComponentMetrics } from '../../model/snapshot.ts'
import { formatValue } from '../page/values.js'
import { html, type SafeHtml } from './safe-html.ts'
import { badge, count, serviceName, time } from './words.ts'

const HEALTH_WORDS = {
  healthy: 'Healthy',
  warning: 'Slowed down',
  critical: 'Held back',
  unknown: 'No data yet',
} as const

/** The verdict in one sentence, and the figures that carry it. */
export function summarySection(report: PerformanceReport): SafeHtml {
  const { snapshot } = report
  return html`<section class="summary" data-health="${snapshot.health}" aria-labelledby="verdict">
  <p class="eyebrow">${badge(snapshot.health, HEALTH_WORDS[snapshot.health])}<span data-testid="health" hidden>${snapshot.health}</span>
    <span class="muted">${time(snapshot.time)}</span></p>
  <h1 id="verdict" data-testid="verdict">${verdict(report)}</h1>
  <dl class="figures">${figures(report)}</dl>
</section>`
}

function verdict(report: PerformanceReport): string {
  const { snapshot } = report
  if (snapshot.health === 'unknown') return 'Waiting for the first metrics.'
  const active = snapshot.bottlenecks.filter(({ status }) => status === 'active')
  const firing = snapshot.alerts.filter(({ state }) => state === 'firing')
  if (active.length > 0) {
    const services = new Set(active.map(({ resource }) => serviceName(resource)))
    const whom = services.size === 1 ? [...services][0]! : count(services.size, 'service')
    const verb = active.length === 1 ? 'holds' : 'hold'
    return `${count(active.length, 'bottleneck')} ${verb} ${whom} back.`
  }
  if (firing.length > 0) {
    const verb = firing.length === 1 ? 'fires' : 'fire'
    return `${count(firing.length, 'alert')} ${verb}; no bottleneck explains ${firing.length === 1 ? 'it' : 'them'} yet.`
  }
  return 'Nothing holds your services back.'
}

function figures(report: PerformanceReport): SafeHtml[] {
  const { snapshot } = report
  const routes = snapshot.components.filter(({ kind }) => kind === 'route')
  const rate = sum(routes, (row) => row.ratePerSecond)
  const failed = sum(routes, (row) => row.ratePerSecond * row.errorRate)
  const slowest = Math.max(0, ...routes.map((row) => row.p95Seconds))
  const active = snapshot.bottlenecks.filter(({ status }) => status === 'active').length
  const firing = snapshot.alerts.filter(({ state }) => state === 'firing').length
  const none = '–'
  return [
    figure('bottleneck-count', 'Bottlenecks', String(active)),
    figure('alert-count', 'Alerts firing', String(firing)),
    figure('request-rate', 'Requests', rate > 0 ? formatValue(rate, '/s') : none),
    figure('error-rate', 'Error rate', rate > 0 ? formatValue(failed / rate, '1') : none),
    figure('p95', 'p95, slowest route', rate > 0 ? formatValue(slowest, 's') : none),
    figure('service-count', 'Services', String(snapshot.services.length)),
  ]
}

function figure(testId: string, name: string, value: string): SafeHtml {
  return html`<div><dt>${name}</dt><dd data-testid="${testId}">${value}</dd></div>`
}

function sum(rows: readonly ComponentMetrics[], of: (row: ComponentMetrics) => number): number {
  return rows.reduce((total, row) => total + of(row), 0)
}
