import type { Alert, AlertTransition } from '../../src/model/alert.ts'
import type { AnalyzerView } from '../../src/model/analyzer-view.ts'
import type { Bottleneck } from '../../src/model/bottleneck.ts'
import type { Labels } from '../../src/model/labels.ts'
import type { QuerySeries } from '../../src/model/query.ts'
import type { Recommendation } from '../../src/model/recommendation.ts'
import type { ComponentMetrics, SystemMetrics } from '../../src/model/snapshot.ts'
import { healthOf } from '../../src/report/snapshot.ts'

export const NOW_MS = Date.parse('2026-03-02T12:15:00.000Z')

const ago = (seconds: number) => new Date(NOW_MS - seconds * 1000).toISOString()
const service = (name: string): Labels => ({
  'service.namespace': 'shop',
  'service.name': name,
  'service.instance.id': `${name}-7c9d4`,
})

export function bottleneck(changes: Partial<Bottleneck> = {}): Bottleneck {
  return {
    id: 'b1',
    type: 'eventloop.blocked',
    severity: 'critical',
    status: 'active',
    resource: service('catalog'),
    component: '/search',
    operation: 'GET',
    summary:
      'The event loop of shop/catalog is blocked for 412 ms at a time: renderFacets() takes 61 % of the processor time.',
    impact: {
      score: 71,
      share: 0.68,
      savingMs: 212,
      formula: '100 × (0.7 × share 0.68 + 0.3 × min(1, saving 212 ms / 270 ms)) = 71',
    },
    confidence: 0.94,
    evidence: [
      {
        what: 'Event loop delay, 99th percentile',
        query: 'max by (job, instance) (nodejs_eventloop_delay_p99_seconds{job="shop/catalog"})',
        value: 0.412,
        unit: 's',
        threshold: 0.1,
        baseline: 0.013,
      },
      {
        what: 'Event loop utilization',
        query: 'nodejs_eventloop_utilization_ratio{job="shop/catalog"}',
        value: 0.97,
        unit: '1',
        threshold: 0.9,
        baseline: 0.31,
      },
    ],
    profile: {
      frames: [
        { function: 'renderFacets', file: 'src/search/facets.js', line: 48, share: 0.61 },
        { function: 'sortByRelevance', file: 'src/search/rank.js', line: 12, share: 0.17 },
        { function: 'JSON.stringify', file: 'native', line: 0, share: 0.08 },
        { function: '', file: 'node:internal/streams/readable', line: 512, share: 0.03 },
      ],
    },
    since: ago(190),
    lastSeen: ago(0),
    cause: true,
    causes: [],
    symptoms: ['b2'],
    recommendations: ['r1'],
    ...changes,
  }
}

export function recommendation(changes: Partial<Recommendation> = {}): Recommendation {
  return {
    id: 'r1',
    bottleneck: 'b1',
    type: 'eventloop.blocked',
    severity: 'critical',
    status: 'open',
    resource: service('catalog'),
    component: '/search',
    operation: 'GET',
    title: 'Move renderFacets() off the event loop',
    text: `While \`renderFacets()\` (src/search/facets.js:48) runs, **no other request is served**.

1. Cache its result: the same 40 facets are computed for each request.
2. Or split it with \`setImmediate\` every 500 items, so that other requests get a turn.
3. Or run it in a worker:

\`\`\`js
import { Worker } from 'node:worker_threads'
const worker = new Worker(new URL('./facets-worker.js', import.meta.url))
\`\`\`

See [Don't block the event loop](https://nodejs.org/en/learn/asynchronous-work/dont-block-the-event-loop).`,
    impact: bottleneck().impact,
    confidence: 0.94,
    evidence: [],
    openedAt: ago(180),
    updatedAt: ago(20),
    reopened: 0,
    ...changes,
  }
}

export function alert(changes: Partial<Alert> = {}): Alert {
  return {
    id: 'a1',
    name: 'ResponseTimeHigh',
    severity: 'critical',
    state: 'firing',
    labels: {
      alertname: 'ResponseTimeHigh',
      severity: 'critical',
      job: 'shop/catalog',
      http_route: '/search',
    },
    annotations: { summary: 'p95 of GET /search is 2.41 s' },
    query:
      'histogram_quantile(0.95, sum by (le, job, http_route) (rate(http_server_request_duration_seconds_bucket[1m]))) > 2',
    value: 2.41,
    activeSince: ago(170),
    firedAt: ago(110),
    ...changes,
  }
}

const COMPONENTS: readonly ComponentMetrics[] = [
  component('catalog', 'route', '/search', 'GET', 41.2, 0.0012, 0.48, [0.41, 2.41, 3.2]),
  component('storefront', 'route', '/products/:id', 'GET', 88.9, 0, 0.134, [0.09, 0.41, 0.83]),
  component(
    'catalog',
    'database',
    'postgresql shop',
    'SELECT products',
    1320,
    0,
    0.0021,
    [0.0016, 0.0048, 0.011],
  ),
  component('payment', 'route', '/pay', 'POST', 6.4, 0.078, 0.362, [0.33, 0.61, 0.92]),
  component(
    'storefront',
    'peer',
    'payment.internal:8083',
    'POST',
    6.4,
    0.078,
    0.371,
    [0.34, 0.63, 0.94],
  ),
  component(
    'payment',
    'component',
    'fraud-check',
    'score',
    6.4,
    0,
    0.0009,
    [0.0008, 0.0013, 0.002],
  ),
]

const SYSTEMS: readonly SystemMetrics[] = ['catalog', 'payment', 'storefront'].map(
  (name, index) => ({
    resource: service(name),
    cpuUtilization: 0.42,
    memoryUtilization: 0.61,
    memoryUsedBytes: 4.9e9,
    diskUtilization: 0.38,
    processCpuUtilization: [0.98, 0.11, 0.34][index]!,
    processMemoryBytes: [412e6, 96e6, 151e6][index]!,
    eventLoopUtilization: [0.97, 0.08, 0.29][index]!,
    eventLoopDelayP99Seconds: [0.412, 0.011, 0.013][index]!,
    heapUsedBytes: [241e6, 38e6, 71e6][index]!,
  }),
)

function component(
  name: string,
  kind: ComponentMetrics['kind'],
  label: string,
  operation: string,
  ratePerSecond: number,
  errorRate: number,
  meanSeconds: number,
  [p50Seconds, p95Seconds, p99Seconds]: readonly [number, number, number],
): ComponentMetrics {
  return {
    resource: service(name),
    component: label,
    kind,
    operation,
    ratePerSecond,
    errorRate,
    meanSeconds,
    p50Seconds,
    p95Seconds,
    p99Seconds,
  }
}

const BOTTLENECKS: readonly Bottleneck[] = [
  bottleneck(),
  bottleneck({
    id: 'b3',
    type: 'db.n_plus_one',
    severity: 'warning',
    component: 'postgresql shop',
    operation: 'SELECT products',
    summary: 'GET /products/:id runs the same SELECT 32 times a request.',
    impact: {
      score: 44,
      share: 0.41,
      savingMs: 86,
      formula: '100 × (0.7 × 0.41 + 0.3 × 0.52) = 44',
    },
    confidence: 0.9,
    evidence: [
      {
        what: 'Calls of one shape in a request',
        query:
          'sum by (http_route, call_shape) (rate(request_child_calls_sum[2m])) / sum by (http_route, call_shape) (rate(request_child_calls_count[2m]))',
        value: 32.4,
        unit: '{call}',
        threshold: 5,
      },
    ],
    symptoms: [],
    recommendations: ['r2'],
  }),
  bottleneck({
    id: 'b2',
    type: 'latency.regression',
    severity: 'warning',
    component: '/search',
    summary: 'GET /search takes 2.41 s at p95, five times what it took before.',
    impact: { score: 38, share: 0.33, savingMs: 120, formula: '100 × 0.38 = 38' },
    evidence: [],
    cause: false,
    causes: ['b1'],
    symptoms: [],
    recommendations: [],
  }),
  bottleneck({
    id: 'b4',
    type: 'dependency.errors',
    severity: 'warning',
    status: 'resolved',
    resource: service('storefront'),
    component: 'payment.internal:8083',
    operation: 'POST',
    summary: '7.8 % of the calls to payment.internal:8083 failed.',
    impact: { score: 21, share: 0.08, savingMs: 0, formula: '100 × 0.21 = 21' },
    since: ago(600),
    lastSeen: ago(320),
    resolvedAt: ago(300),
    evidence: [
      {
        what: 'Failed calls',
        query: 'rate(x[1m])',
        value: 0.078,
        unit: '1',
        threshold: 0.02,
        baseline: 0.001,
      },
    ],
    symptoms: [],
    recommendations: ['r3'],
  }),
].map(({ profile, ...one }) => (one.id === 'b1' && profile ? { ...one, profile } : one))

const RECOMMENDATIONS: readonly Recommendation[] = [
  recommendation(),
  recommendation({
    id: 'r2',
    bottleneck: 'b3',
    status: 'acknowledged',
    title: 'Load the products with one query',
    text: 'Collect the ids and ask once: `SELECT … WHERE id = ANY($1)`. About **86 ms** a request.',
  }),
  recommendation({
    id: 'r3',
    bottleneck: 'b4',
    status: 'resolved',
    title: 'Retry idempotent payments once',
    text: 'Failures were short; one retry with jitter hides them.',
    effect: { query: 'x', unit: '1', before: 0.078, after: 0.0011 },
  }),
]

const HISTORY: readonly AlertTransition[] = [
  { alert: alert({ state: 'pending' }), from: 'inactive', to: 'pending', at: ago(170) },
  { alert: alert(), from: 'pending', to: 'firing', at: ago(110) },
  {
    alert: alert({
      id: 'a2',
      name: 'ErrorRateHigh',
      severity: 'warning',
      state: 'resolved',
      value: 0.078,
    }),
    from: 'firing',
    to: 'resolved',
    at: ago(300),
  },
]

/** A view of a shop in trouble; each part can be replaced. */
export function sampleView(changes: Partial<AnalyzerView> = {}): AnalyzerView {
  const view: AnalyzerView = {
    now: () => NOW_MS,
    query: () => [],
    queryRange: sampleRange,
    components: () => COMPONENTS,
    bottlenecks: () => BOTTLENECKS,
    recommendations: () => RECOMMENDATIONS,
    alerts: () => [alert()],
    alertHistory: () => HISTORY,
    snapshot: () => ({
      time: new Date(view.now()).toISOString(),
      health: healthOf(view.bottlenecks(), view.alerts(), 1234),
      services: ['catalog', 'payment', 'storefront'].map((name) => ({
        'service.namespace': 'shop',
        'service.name': name,
      })),
      systems: SYSTEMS,
      components: view.components(),
      bottlenecks: view.bottlenecks(),
      recommendations: view.recommendations(),
      alerts: view.alerts(),
      series: 1234,
    }),
    ...changes,
  }
  return view
}

/** A view before anything was sent. */
export function emptyView(): AnalyzerView {
  const none = () => []
  return {
    now: () => NOW_MS,
    query: none,
    queryRange: none,
    components: none,
    bottlenecks: none,
    recommendations: none,
    alerts: none,
    alertHistory: none,
    snapshot: () => ({
      time: new Date(NOW_MS).toISOString(),
      health: 'unknown',
      services: [],
      systems: [],
      components: [],
      bottlenecks: [],
      recommendations: [],
      alerts: [],
      series: 0,
    }),
  }
}

const LEVELS: readonly (readonly [RegExp, number])[] = [
  [/histogram_quantile/, 0.3],
  [/error_type/, 0.01],
  [/_duration_seconds_count/, 60],
  [/delay_p99/, 0.1],
  [/bytes/, 150e6],
  [/ratio/, 0.4],
]

/** Lines that move as real ones do; the same ones each time. */
function sampleRange(
  expression: string,
  startMs: number,
  endMs: number,
  stepMs: number,
): QuerySeries[] {
  const level = LEVELS.find(([pattern]) => pattern.test(expression))?.[1] ?? 1
  return ['shop/catalog', 'shop/payment', 'shop/storefront'].map((job, line) => {
    const points: [number, number][] = []
    for (let at = startMs; at <= endMs; at += stepMs) {
      const x = (at - startMs) / (endMs - startMs)
      const fault = line === 0 && x > 0.75 ? 2.2 * Math.min(1, (x - 0.75) * 8) : 0
      const noise = 0.08 * Math.sin(x * 91 + line) + 0.05 * Math.sin(x * 233 + line * 2)
      points.push([at, level * (0.4 + 0.3 * line + noise + fault)])
    }
    return { labels: { job }, points }
  })
}
