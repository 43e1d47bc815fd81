import { CHOSEN, meanOf, quantileOf, rateOf } from '../expressions.ts'
import { metric } from '../metric.ts'
import type { DashboardSpec } from '../panel.ts'

const requests = `${metric('http.server.request.duration')}_count`
const calls = `${metric('http.client.request.duration')}_count`
const route = ['job', 'http_route']
const allByRoute = rateOf(requests, route)
const failedByRoute = rateOf(requests, route, `${CHOSEN}, http_response_status_code=~"5.."`)

export const SERVICE: DashboardSpec = {
  uid: 'chokepoint-service',
  title: 'Chokepoint / Service',
  description: 'Rate, errors and duration by route, where the time goes, and what is called',
  variables: ['job', 'instance'],
  rows: [
    {
      title: 'Rate, errors, duration',
      panels: [
        {
          title: 'Requests by route',
          description: 'HTTP requests a second. Routes are templates, never raw paths.',
          kind: 'lines',
          unit: 'reqps',
          width: 8,
          noThreshold: 'how many a route can take is its own',
          queries: [{ expr: allByRoute, legend: '{{job}} {{http_route}}' }],
        },
        {
          title: 'Failed requests by route',
          description: "Part of a route's requests that were answered with 5xx.",
          kind: 'lines',
          unit: 'percentunit',
          width: 8,
          warning: 0.02,
          critical: 0.1,
          queries: [
            {
              expr: `(${failedByRoute} or ${allByRoute} * 0) / (${allByRoute} > 0)`,
              legend: '{{job}} {{http_route}}',
            },
          ],
        },
        {
          title: 'p95 by route',
          description: '95 of 100 requests of a route were answered faster than this.',
          kind: 'lines',
          unit: 's',
          width: 8,
          warning: 0.5,
          critical: 2,
          queries: [
            {
              expr: quantileOf(0.95, 'http.server.request.duration', route),
              legend: '{{job}} {{http_route}}',
            },
          ],
        },
        {
          title: 'Requests in flight',
          description:
            'Requests that are being answered. Growth without more traffic means waiting.',
          kind: 'lines',
          unit: 'short',
          width: 12,
          queries: [
            {
              expr: `sum by (job, instance) (${metric('http.server.active_requests')}{${CHOSEN}})`,
              legend: '{{job}} {{instance}}',
            },
          ],
        },
        {
          title: 'Requests by instance',
          description:
            'HTTP requests a second that each instance answered. One line far above the rest is an uneven load.',
          kind: 'lines',
          unit: 'reqps',
          width: 12,
          noThreshold: 'the lines are compared with each other',
          queries: [
            { expr: rateOf(requests, ['job', 'instance']), legend: '{{job}} {{instance}}' },
          ],
        },
      ],
    },
    {
      title: 'Where the time goes',
      panels: [
        {
          title: 'Time of a request by what it waited for',
          description:
            'Seconds a second spent on processor, event loop, database, HTTP calls and the rest. The largest is the first thing to look at.',
          kind: 'lines',
          unit: 's',
          stacked: true,
          width: 12,
          noThreshold: 'the parts are compared with each other',
          queries: [
            {
              expr: rateOf(`${metric('request.time.split')}_sum`, ['job', 'wait_kind']),
              legend: '{{job}} {{wait_kind}}',
            },
          ],
        },
        {
          title: 'Child calls a request',
          description:
            'How many calls of one kind and shape one request made, on average. Many of one shape is an N+1.',
          kind: 'lines',
          unit: 'short',
          width: 12,
          warning: 5,
          critical: 20,
          queries: [
            {
              expr: meanOf('request.child.calls', [
                'job',
                'http_route',
                'call_target',
                'call_shape',
              ]),
              legend: '{{http_route}} {{call_target}} {{call_shape}}',
            },
          ],
        },
      ],
    },
    {
      title: 'What it calls, and its components',
      panels: [
        {
          title: 'Calls by peer',
          description: 'HTTP requests a second that the service made.',
          kind: 'lines',
          unit: 'reqps',
          width: 6,
          queries: [
            {
              expr: rateOf(calls, ['job', 'server_address', 'server_port']),
              legend: '{{job}} → {{server_address}}:{{server_port}}',
            },
          ],
        },
        {
          title: 'Failed calls by peer',
          emptyUnless: 'a call fails',
          description: 'Calls a second that got no answer, or an error for one.',
          kind: 'lines',
          unit: 'reqps',
          width: 6,
          noThreshold: 'how many are too many depends on the traffic',
          queries: [
            {
              expr: rateOf(
                calls,
                ['job', 'server_address', 'server_port', 'error_type'],
                `${CHOSEN}, error_type!=""`,
              ),
              legend: '{{job}} → {{server_address}}:{{server_port}} {{error_type}}',
            },
          ],
        },
        {
          title: 'p95 by peer',
          description: '95 of 100 calls to a peer were answered faster than this.',
          kind: 'lines',
          unit: 's',
          width: 6,
          warning: 0.25,
          critical: 1,
          queries: [
            {
              expr: quantileOf(0.95, 'http.client.request.duration', [
                'job',
                'server_address',
                'server_port',
              ]),
              legend: '{{job}} → {{server_address}}:{{server_port}}',
            },
          ],
        },
        {
          title: 'p95 by component',
          emptyUnless: 'the app names components itself',
          description: 'Operations of the components that the app names itself.',
          kind: 'lines',
          unit: 's',
          width: 6,
          queries: [
            {
              expr: quantileOf(0.95, 'component.operation.duration', [
                'component_name',
                'operation_name',
              ]),
              legend: '{{component_name}} {{operation_name}}',
            },
          ],
        },
      ],
    },
  ],
}
