import { CHOSEN, quantileOf, rateOf } from '../expressions.ts'
import { metric } from '../metric.ts'
import type { DashboardSpec } from '../panel.ts'

const operation = ['db_system_name', 'db_operation_name', 'db_collection_name']
const legend = '{{db_operation_name}} {{db_collection_name}}'
const pool = 'db_client_connection_pool_name'
const operations = `${metric('db.client.operation.duration')}_count`

export const DATABASE: DashboardSpec = {
  uid: 'chokepoint-database',
  title: 'Chokepoint / Database and pools',
  description: 'Operations of database clients, and their connection pools',
  variables: ['job', 'instance'],
  rows: [
    {
      title: 'Operations',
      panels: [
        {
          title: 'Operations',
          description: 'Database operations a second.',
          kind: 'lines',
          unit: 'ops',
          width: 8,
          queries: [{ expr: rateOf(operations, operation), legend }],
        },
        {
          title: 'p95 by operation',
          description: '95 of 100 operations were faster than this.',
          kind: 'lines',
          unit: 's',
          width: 8,
          warning: 0.1,
          critical: 0.5,
          queries: [{ expr: quantileOf(0.95, 'db.client.operation.duration', operation), legend }],
        },
        {
          title: 'Failed operations',
          emptyUnless: 'an operation fails',
          description: 'Operations a second that ended with an error.',
          kind: 'lines',
          unit: 'ops',
          width: 8,
          noThreshold: 'how many are too many depends on the traffic',
          queries: [
            {
              expr: rateOf(operations, [...operation, 'error_type'], `${CHOSEN}, error_type!=""`),
              legend: `${legend} {{error_type}}`,
            },
          ],
        },
      ],
    },
    {
      title: 'Connection pools',
      panels: [
        {
          title: 'Connections by state',
          description: 'Used and idle connections of each pool.',
          kind: 'lines',
          unit: 'short',
          stacked: true,
          width: 6,
          queries: [
            {
              expr: `sum by (${pool}, db_client_connection_state) (${metric('db.client.connection.count')}{${CHOSEN}})`,
              legend: `{{${pool}}} {{db_client_connection_state}}`,
            },
          ],
        },
        {
          title: 'Pool limit',
          description: 'The most connections that each pool may open.',
          kind: 'lines',
          unit: 'short',
          width: 6,
          queries: [
            {
              expr: `sum by (${pool}) (${metric('db.client.connection.limit')}{${CHOSEN}})`,
              legend: `{{${pool}}}`,
            },
          ],
        },
        {
          title: 'Requests that wait',
          description:
            'Requests that wait for a connection. Not zero for long: the pool is too small, or held too long.',
          kind: 'lines',
          unit: 'short',
          width: 6,
          warning: 1,
          critical: 10,
          queries: [
            {
              expr: `sum by (${pool}) (${metric('db.client.connection.pending_requests')}{${CHOSEN}})`,
              legend: `{{${pool}}}`,
            },
          ],
        },
        {
          title: 'Wait for a connection, p95',
          description: 'How long 95 of 100 requests waited for a connection at most.',
          kind: 'lines',
          unit: 's',
          width: 6,
          warning: 0.05,
          critical: 0.5,
          queries: [
            {
              expr: quantileOf(0.95, 'db.client.connection.wait_time', [pool]),
              legend: `{{${pool}}}`,
            },
          ],
        },
      ],
    },
  ],
}
