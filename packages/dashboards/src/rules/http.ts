import { SERVICE } from '../dashboards/service.ts'
import { metric } from '../metric.ts'
import type { RulePack } from '../rule.ts'

const server = metric('http.server.request.duration')
const client = metric('http.client.request.duration')
const ROUTE = 'by (job, http_request_method, http_route)'
const PEER = 'by (job, server_address, server_port)'

const failing = (series: string, by: string) =>
  `sum ${by} (rate(${series}_count{http_response_status_code=~"5.."}[5m])) / sum ${by} (rate(${series}_count[5m]))`
/** Under this many requests a second one failure is a large share of nothing. */
const withTraffic = (series: string, by: string) => `sum ${by} (rate(${series}_count[5m])) > 0.1`

export const HTTP_RULES: RulePack = {
  name: 'chokepoint-http',
  alerts: [
    {
      alert: 'HttpErrorsHigh',
      expr: `(${failing(server, ROUTE)} > 0.1) and on (job, http_request_method, http_route) (${withTraffic(server, ROUTE)})`,
      for: '2m',
      keepFiringFor: '5m',
      severity: 'critical',
      summary:
        '{{ $value | humanizePercentage }} of {{ $labels.http_request_method }} {{ $labels.http_route }} of {{ $labels.job }} fail',
      description:
        'More than a tenth of the requests to this route were answered with 5xx. Look at what the route calls first: a dependency that fails shows in the Service dashboard.',
      panel: { dashboard: SERVICE, panel: 'Failed requests by route' },
    },
    {
      alert: 'HttpErrorsElevated',
      expr: `(${failing(server, ROUTE)} > 0.02 <= 0.1) and on (job, http_request_method, http_route) (${withTraffic(server, ROUTE)})`,
      for: '5m',
      keepFiringFor: '5m',
      severity: 'warning',
      summary:
        '{{ $value | humanizePercentage }} of {{ $labels.http_request_method }} {{ $labels.http_route }} of {{ $labels.job }} fail',
      description: 'More than 2 % of the requests to this route were answered with 5xx.',
      panel: { dashboard: SERVICE, panel: 'Failed requests by route' },
    },
    {
      alert: 'HttpSlow',
      expr: `(histogram_quantile(0.95, sum by (job, http_request_method, http_route, le) (rate(${server}_bucket[5m]))) > 2) and on (job, http_request_method, http_route) (${withTraffic(server, ROUTE)})`,
      for: '5m',
      keepFiringFor: '5m',
      severity: 'warning',
      summary:
        'p95 of {{ $labels.http_request_method }} {{ $labels.http_route }} of {{ $labels.job }} is {{ $value | humanizeDuration }}',
      description:
        'One request in twenty takes longer than two seconds. "Where the time goes" in the Service dashboard shows what it waits for.',
      panel: { dashboard: SERVICE, panel: 'p95 by route' },
    },
    {
      alert: 'PeerErrorsHigh',
      expr: `(sum ${PEER} (rate(${client}_count{error_type!=""}[5m])) / sum ${PEER} (rate(${client}_count[5m])) > 0.1) and on (job, server_address, server_port) (${withTraffic(client, PEER)})`,
      for: '5m',
      keepFiringFor: '5m',
      severity: 'warning',
      summary:
        '{{ $value | humanizePercentage }} of the calls of {{ $labels.job }} to {{ $labels.server_address }}:{{ $labels.server_port }} fail',
      description:
        'The peer answers with errors or does not answer. What calls it will fail or retry.',
      emptyUnless: 'a call fails',
      panel: { dashboard: SERVICE, panel: 'Failed calls by peer' },
    },
  ],
}
