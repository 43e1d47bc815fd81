import { HOST } from '../dashboards/host.ts'
import { metric } from '../metric.ts'
import type { RulePack } from '../rule.ts'

export const CONTAINER_RULES: RulePack = {
  name: 'chokepoint-container',
  alerts: [
    {
      alert: 'ContainerThrottled',
      expr: `sum by (job, instance) (rate(${metric('container.cpu.throttled.periods')}[5m])) / sum by (job, instance) (rate(${metric('container.cpu.periods')}[5m])) > 0.25`,
      for: '5m',
      keepFiringFor: '5m',
      severity: 'warning',
      summary: '{{ $labels.job }} is throttled in {{ $value | humanizePercentage }} of its periods',
      description:
        'The processor quota is used up before the period ends, and every request waits. Raise the limit.',
      emptyUnless: 'the process is in a control group with limits',
      panel: { dashboard: HOST, panel: 'Throttled' },
    },
    {
      alert: 'ContainerMemoryNearLimit',
      expr: `max by (job, instance) (${metric('container.memory.working_set')}) / max by (job, instance) (${metric('container.memory.limit')}) > 0.9`,
      for: '5m',
      severity: 'critical',
      summary: '{{ $labels.job }} holds {{ $value | humanizePercentage }} of its memory limit',
      description: 'The kernel ends the container at the limit.',
      emptyUnless: 'the process is in a control group with limits',
      panel: { dashboard: HOST, panel: 'Memory used and allowed' },
    },
    {
      alert: 'ContainerKilledForMemory',
      expr: `increase(${metric('container.memory.events')}{container_memory_event="oom_kill"}[10m]) > 0`,
      for: '0s',
      keepFiringFor: '10m',
      severity: 'critical',
      summary: 'A process in the container of {{ $labels.job }} was ended for its memory',
      description:
        'The memory limit of the control group was reached. Raise it, or find what grows.',
      emptyUnless: 'the process is in a control group with limits',
      panel: { dashboard: HOST, panel: 'Memory used and allowed' },
    },
  ],
}
