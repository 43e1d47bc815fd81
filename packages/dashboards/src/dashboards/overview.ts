import { CHOSEN, meanOf, quantileOf, rateOf } from '../expressions.ts'
import { analyzerMetric, metric } from '../metric.ts'
import type { DashboardSpec } from '../panel.ts'

const requests = `${metric('http.server.request.duration')}_count`
const failed = rateOf(requests, ['job'], `${CHOSEN}, http_response_status_code=~"5.."`)
const all = rateOf(requests, ['job'])
const bottlenecks = analyzerMetric('chokepoint_bottleneck_impact')
const recommendations = analyzerMetric('chokepoint_recommendation_impact')

export const OVERVIEW: DashboardSpec = {
  uid: 'chokepoint-overview',
  title: 'Chokepoint / Overview',
  description: 'Is everything well, what holds it back most, and what to do about it',
  variables: ['job', 'instance'],
  unlabelled: true,
  rows: [
    {
      title: 'Health',
      panels: [
        {
          title: 'Active bottlenecks',
          sampled: 'fickle',
          description: 'What the analyzer has found and is still there. A healthy system has none.',
          kind: 'stat',
          unit: 'none',
          width: 6,
          warning: 1,
          critical: 3,
          queries: [
            { expr: `count(${bottlenecks}{${CHOSEN}}) or vector(0)`, legend: 'bottlenecks' },
          ],
        },
        {
          title: 'Firing alerts',
          ofEach: true,
          description: 'Alerts of Prometheus or of the analyzer that fire now.',
          kind: 'stat',
          unit: 'none',
          width: 6,
          warning: 1,
          critical: 3,
          queries: [
            {
              expr: `count(${analyzerMetric('ALERTS')}{${CHOSEN}, alertstate="firing"}) or vector(0)`,
              legend: 'alerts',
            },
          ],
        },
        {
          title: 'Requests',
          description: 'HTTP requests a second, all services.',
          kind: 'stat',
          unit: 'reqps',
          width: 6,
          queries: [{ expr: `sum(${all})`, legend: 'requests' }],
        },
        {
          title: 'Failed requests',
          description: 'Part of the HTTP requests that were answered with 5xx.',
          kind: 'stat',
          unit: 'percentunit',
          width: 6,
          warning: 0.02,
          critical: 0.1,
          queries: [{ expr: `(sum(${failed}) or vector(0)) / sum(${all})`, legend: 'failed' }],
        },
      ],
    },
    {
      title: 'What holds it back',
      panels: [
        {
          title: 'Bottlenecks by impact',
          sampled: 'fickle',
          emptyUnless: 'something holds the system back',
          description:
            "Impact from 0 to 100 by the public formula. The analyzer's page has the evidence of each.",
          kind: 'table',
          columns: [
            ['Value', 'Impact'],
            ['severity', 'Severity'],
            ['job', 'Service'],
            ['type', 'Type'],
            ['component', 'Component'],
            ['operation', 'Operation'],
            ['id', 'Finding'],
          ],
          unit: 'none',
          width: 12,
          warning: 40,
          critical: 70,
          queries: [
            {
              expr: `sort_desc(max by (id, job, type, component, operation, severity) (${bottlenecks}{${CHOSEN}}))`,
              legend: '',
            },
          ],
        },
        {
          title: 'Recommendations by impact',
          sampled: 'fickle',
          emptyUnless: 'something holds the system back',
          description: "What to change first. Acknowledge or ignore them on the analyzer's page.",
          kind: 'table',
          columns: [
            ['Value', 'Impact'],
            ['severity', 'Severity'],
            ['job', 'Service'],
            ['title', 'What to do'],
            ['component', 'Component'],
            ['bottleneck', 'Finding'],
          ],
          unit: 'none',
          width: 12,
          warning: 40,
          critical: 70,
          queries: [
            {
              expr: `sort_desc(max by (bottleneck, job, title, component, severity) (${recommendations}{${CHOSEN}}))`,
              legend: '',
            },
          ],
        },
      ],
    },
    {
      title: 'Services',
      panels: [
        {
          title: 'Requests by service',
          description: 'HTTP requests a second that each service answered.',
          kind: 'lines',
          unit: 'reqps',
          width: 8,
          queries: [{ expr: all, legend: '{{job}}' }],
        },
        {
          title: 'p95 by service',
          description: '95 of 100 requests were answered faster than this.',
          kind: 'lines',
          unit: 's',
          width: 8,
          warning: 0.5,
          critical: 2,
          queries: [
            {
              expr: quantileOf(0.95, 'http.server.request.duration', ['job']),
              legend: '{{job}}',
            },
          ],
        },
        {
          title: 'Mean by service',
          description: 'Mean duration of a request.',
          kind: 'lines',
          unit: 's',
          width: 8,
          queries: [{ expr: meanOf('http.server.request.duration', ['job']), legend: '{{job}}' }],
        },
      ],
    },
  ],
}
