import { NODE_RUNTIME } from '../dashboards/node-runtime.ts'
import { metric } from '../metric.ts'
import type { RulePack } from '../rule.ts'

export const NODE_RULES: RulePack = {
  name: 'chokepoint-node',
  alerts: [
    {
      alert: 'EventLoopBlocked',
      expr: `sum by (job, instance) (rate(${metric('nodejs.eventloop.blocked.duration')}_sum[5m])) > 0.05`,
      for: '2m',
      keepFiringFor: '5m',
      severity: 'critical',
      summary:
        'The event loop of {{ $labels.job }} is blocked {{ $value | humanizePercentage }} of the time',
      description:
        'While it is blocked no request is answered. "Blocked by function" in the Node.js dashboard names the function, file and line.',
      emptyUnless: 'the event loop is blocked',
      panel: { dashboard: NODE_RUNTIME, panel: 'Blocked by function' },
    },
    {
      alert: 'EventLoopSaturated',
      expr: `min_over_time(${metric('nodejs.eventloop.utilization')}[5m]) > 0.9`,
      for: '5m',
      keepFiringFor: '5m',
      severity: 'warning',
      summary:
        'The event loop of {{ $labels.job }} has been busy {{ $value | humanizePercentage }} of the time at least',
      description: 'The process has no room left. Take a CPU profile, or run more processes.',
      panel: { dashboard: NODE_RUNTIME, panel: 'Utilization' },
    },
    {
      alert: 'GarbageCollectionHeavy',
      expr: `sum by (job, instance) (rate(${metric('v8js.gc.duration')}_sum[5m])) > 0.15`,
      for: '5m',
      keepFiringFor: '5m',
      severity: 'warning',
      summary:
        '{{ $labels.job }} spends {{ $value | humanizePercentage }} of the time in garbage collection',
      description:
        'The heap is close to its limit, or much is allocated. Compare heap floor and limit in the Node.js dashboard.',
      panel: { dashboard: NODE_RUNTIME, panel: 'Time in garbage collection' },
    },
    {
      alert: 'HeapNearLimit',
      expr: `${metric('nodejs.heap.floor')} / ${metric('nodejs.heap.limit')} > 0.85`,
      for: '2m',
      severity: 'critical',
      summary:
        'The heap of {{ $labels.job }} is {{ $value | humanizePercentage }} full after garbage collection',
      description:
        'V8 ends the process at the limit. Raise --max-old-space-size, or find what is kept.',
      panel: { dashboard: NODE_RUNTIME, panel: 'Heap floor and limit' },
    },
    {
      alert: 'HeapGrows',
      expr: `(predict_linear(${metric('nodejs.heap.floor')}[30m], 4 * 3600) > ${metric('nodejs.heap.limit')}) and (delta(${metric('nodejs.heap.floor')}[30m]) > 50e6)`,
      for: '15m',
      severity: 'warning',
      summary: 'At this pace the heap of {{ $labels.job }} is full within 4 hours',
      description:
        'What is left after major collections grows steadily: something is kept that should be let go.',
      panel: { dashboard: NODE_RUNTIME, panel: 'Heap floor and limit' },
    },
    {
      alert: 'ThreadPoolSaturated',
      expr: `min_over_time(${metric('nodejs.threadpool.delay')}[2m]) > 0.1`,
      for: '2m',
      severity: 'warning',
      summary:
        'A task of {{ $labels.job }} waits {{ $value | humanizeDuration }} for a thread of the pool',
      description:
        'File, DNS, crypto and zlib work shares four threads. Raise UV_THREADPOOL_SIZE or do less of it at once.',
      panel: { dashboard: NODE_RUNTIME, panel: 'Thread pool delay' },
    },
    {
      alert: 'TelemetryDropped',
      expr: `sum by (job, chokepoint_drop_kind, chokepoint_drop_reason) (rate(${metric('chokepoint.sdk.dropped')}[5m])) > 0`,
      for: '5m',
      severity: 'info',
      summary:
        '{{ $labels.job }} drops {{ $labels.chokepoint_drop_kind }}: {{ $labels.chokepoint_drop_reason }}',
      description:
        'A limit of the instrumentation was reached, so numbers are missing. Often one attribute has too many values.',
      emptyUnless: 'a limit is reached',
      panel: { dashboard: NODE_RUNTIME, panel: 'Dropped' },
    },
  ],
}
