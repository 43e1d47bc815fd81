import { CHOSEN, rateOf } from '../expressions.ts'
import { analyzerMetric } from '../metric.ts'
import type { DashboardSpec } from '../panel.ts'

type OwnMetric = Parameters<typeof analyzerMetric>[0]

const own = (name: OwnMetric) => `${analyzerMetric(name)}{${CHOSEN}}`
const rate = (name: OwnMetric, by: string) => rateOf(analyzerMetric(name), ['instance', by])
/** Others have metrics of this name too: only those of analyzers are meant. */
const OF_ANALYZERS = `and on (job, instance) ${own('chokepoint_build_info')}`
const perInstance = (name: OwnMetric) => rateOf(analyzerMetric(name), ['instance'])

export const ANALYZER: DashboardSpec = {
  uid: 'chokepoint-analyzer',
  title: 'Chokepoint / Analyzer itself',
  description: 'What the analyzer takes, refuses, keeps and tells, and what it costs',
  variables: ['job', 'instance'],
  variablesOf: 'chokepoint_build_info',
  rows: [
    {
      title: 'Receive',
      panels: [
        {
          title: 'Requests',
          description: 'OTLP/HTTP requests a second that arrived.',
          kind: 'lines',
          unit: 'ops',
          width: 8,
          sampled: 'steady',
          queries: [
            { expr: perInstance('chokepoint_receive_requests_total'), legend: '{{instance}}' },
          ],
        },
        {
          title: 'Bytes',
          description: 'Bytes a second as they arrived, before decompression.',
          kind: 'lines',
          unit: 'Bps',
          width: 8,
          sampled: 'steady',
          queries: [
            { expr: perInstance('chokepoint_receive_bytes_total'), legend: '{{instance}}' },
          ],
        },
        {
          title: 'Refused requests',
          description:
            'Requests refused whole, by error code. Senders retry 429 and 503 and lose the rest.',
          kind: 'lines',
          unit: 'ops',
          width: 8,
          sampled: 'fickle',
          emptyUnless: 'a request is refused',
          queries: [
            {
              expr: rate('chokepoint_receive_refused_total', 'code'),
              legend: '{{instance}} {{code}}',
            },
          ],
        },
      ],
    },
    {
      title: 'Store',
      panels: [
        {
          title: 'Data points',
          description: 'Data points stored a second.',
          kind: 'lines',
          unit: 'ops',
          width: 6,
          sampled: 'steady',
          queries: [{ expr: perInstance('chokepoint_store_points_total'), legend: '{{instance}}' }],
        },
        {
          title: 'Rejected points',
          description: 'Data points rejected, by reason. A limit was met, or a clock is wrong.',
          kind: 'lines',
          unit: 'ops',
          width: 6,
          sampled: 'fickle',
          emptyUnless: 'a point is rejected',
          queries: [
            {
              expr: rate('chokepoint_store_rejected_points_total', 'reason'),
              legend: '{{instance}} {{reason}}',
            },
          ],
        },
        {
          title: 'Series',
          description: 'Active series of all tenants, as Prometheus counts them.',
          kind: 'lines',
          unit: 'short',
          width: 6,
          sampled: 'steady',
          queries: [{ expr: own('chokepoint_store_series'), legend: '{{instance}}' }],
        },
        {
          title: 'Ingest lag',
          description:
            'Age of the newest sample. Over the export interval means that data is late.',
          kind: 'lines',
          unit: 's',
          width: 6,
          sampled: 'fickle',
          warning: 60,
          critical: 300,
          queries: [
            { expr: own('chokepoint_store_newest_sample_age_seconds'), legend: '{{instance}}' },
          ],
        },
        {
          title: 'Memory',
          description: 'Samples and indexes, and the process as a whole.',
          kind: 'lines',
          unit: 'bytes',
          width: 8,
          sampled: 'steady',
          queries: [
            { expr: own('chokepoint_store_memory_bytes'), legend: '{{instance}} samples' },
            {
              expr: `${own('process_resident_memory_bytes')} ${OF_ANALYZERS}`,
              legend: '{{instance}} process',
            },
          ],
        },
        {
          title: 'Log on disk',
          description: 'Size of the log that requests are in before they are acknowledged.',
          kind: 'lines',
          unit: 'bytes',
          width: 8,
          sampled: 'steady',
          queries: [{ expr: own('chokepoint_log_bytes'), legend: '{{instance}}' }],
        },
        {
          title: 'Time in fsync',
          description: 'Seconds a second. Near 1 the disk is what limits.',
          kind: 'lines',
          unit: 's',
          width: 8,
          sampled: 'fickle',
          warning: 0.5,
          critical: 0.9,
          queries: [
            { expr: perInstance('chokepoint_log_fsync_seconds_total'), legend: '{{instance}}' },
          ],
        },
      ],
    },
    {
      title: 'Tell, and cost',
      panels: [
        {
          title: 'Webhook deliveries',
          description: 'Deliveries that ended, by outcome. Dead ones can be sent again by the API.',
          kind: 'lines',
          unit: 'ops',
          width: 6,
          sampled: 'fickle',
          queries: [
            {
              expr: rate('chokepoint_webhook_deliveries_total', 'outcome'),
              legend: '{{instance}} {{outcome}}',
            },
          ],
        },
        {
          title: 'Webhooks that wait',
          description: 'Deliveries that wait for their first or next attempt.',
          kind: 'lines',
          unit: 'short',
          width: 6,
          sampled: 'fickle',
          warning: 10,
          critical: 100,
          queries: [{ expr: own('chokepoint_webhook_pending'), legend: '{{instance}}' }],
        },
        {
          title: 'Forwarded',
          description: 'Requests forwarded, and those that were not, by reason.',
          kind: 'lines',
          unit: 'ops',
          width: 6,
          sampled: 'fickle',
          emptyUnless: 'the config has a forward',
          queries: [
            {
              expr: rate('chokepoint_forward_requests_total', 'signal'),
              legend: '{{instance}} {{signal}}',
            },
            {
              expr: rate('chokepoint_forward_dropped_total', 'reason'),
              legend: '{{instance}} not: {{reason}}',
            },
          ],
        },
        {
          title: 'Processor',
          description: 'Processors that the analyzer uses.',
          kind: 'lines',
          unit: 'short',
          width: 6,
          sampled: 'fickle',
          warning: 0.8,
          critical: 0.95,
          queries: [
            {
              expr: `sum by (instance) (rate(${own('process_cpu_seconds_total')}[$__rate_interval]) ${OF_ANALYZERS})`,
              legend: '{{instance}}',
            },
          ],
        },
      ],
    },
  ],
}
