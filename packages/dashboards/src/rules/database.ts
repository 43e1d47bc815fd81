import { DATABASE } from '../dashboards/database.ts'
import { metric } from '../metric.ts'
import type { RulePack } from '../rule.ts'

const operation = metric('db.client.operation.duration')
const BY = 'by (job, db_system_name, db_operation_name, db_collection_name)'
const pool = 'job, instance, db_client_connection_pool_name'

export const DATABASE_RULES: RulePack = {
  name: 'chokepoint-database',
  alerts: [
    {
      alert: 'DatabaseSlow',
      expr: `histogram_quantile(0.95, sum by (job, db_system_name, db_operation_name, db_collection_name, le) (rate(${operation}_bucket[5m]))) > 0.5`,
      for: '5m',
      keepFiringFor: '5m',
      severity: 'warning',
      summary:
        'p95 of {{ $labels.db_operation_name }} {{ $labels.db_collection_name }} of {{ $labels.job }} is {{ $value | humanizeDuration }}',
      description:
        'One operation in twenty takes longer than half a second: an index, a lock, or too much data.',
      panel: { dashboard: DATABASE, panel: 'p95 by operation' },
    },
    {
      alert: 'DatabaseErrors',
      expr: `sum ${BY} (rate(${operation}_count{error_type!=""}[5m])) / sum ${BY} (rate(${operation}_count[5m])) > 0.05`,
      for: '5m',
      keepFiringFor: '5m',
      severity: 'warning',
      summary:
        '{{ $value | humanizePercentage }} of {{ $labels.db_operation_name }} {{ $labels.db_collection_name }} of {{ $labels.job }} fail',
      description: 'The error_type label in the Database dashboard says how.',
      emptyUnless: 'an operation fails',
      panel: { dashboard: DATABASE, panel: 'Failed operations' },
    },
    {
      alert: 'PoolExhausted',
      expr: `min_over_time(sum by (${pool}) (${metric('db.client.connection.pending_requests')})[2m:15s]) > 0`,
      for: '2m',
      severity: 'critical',
      summary:
        '{{ $value }} requests of {{ $labels.job }} wait for a connection of {{ $labels.db_client_connection_pool_name }}',
      description:
        'Every connection of the pool is in use all the time: the pool is too small, or connections are held too long.',
      panel: { dashboard: DATABASE, panel: 'Requests that wait' },
    },
  ],
}
