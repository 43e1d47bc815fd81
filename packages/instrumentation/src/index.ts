export { type InstrumentKind, METRIC_TABLE, type MetricRow } from './metric-table.ts'
