import type { Environment } from '../options.ts'

/** What the environment of a watched command is made from. */
export interface ChildEnvironmentInput {
  readonly inherited: Environment
  /** The address of the preload, `file:` and all. */
  readonly registerUrl: string
  /** The analyzer's OTLP/HTTP address without a path. */
  readonly otlpUrl: string
}

const EXPORT_INTERVAL_MS = 1_000

/**
 * The environment that makes every Node.js process of a command's tree report to our analyzer. Only what
 * concerns metrics is set: an app that sends its traces or logs somewhere goes on doing so.
 */
export function childEnvironment(input: ChildEnvironmentInput): Environment {
  const { inherited, registerUrl, otlpUrl } = input
  return {
    ...inherited,
    // First, so that nothing is loaded before it; blanks in the path are percent-encoded in the address.
    NODE_OPTIONS: joined(`--import ${registerUrl}`, inherited.NODE_OPTIONS),
    OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${otlpUrl}/v1/metrics`,
    OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf',
    OTEL_METRIC_EXPORT_INTERVAL: String(EXPORT_INTERVAL_MS),
    OTEL_METRICS_EXPORTER: metricsExporter(inherited),
    ...exporterUnlessSet(inherited, 'TRACES'),
    ...exporterUnlessSet(inherited, 'LOGS'),
  }
}

/** `/metrics` has one default port, and a command may have many processes: only when it is asked for. */
function metricsExporter(inherited: Environment): string {
  const wanted = inherited.OTEL_METRICS_EXPORTER?.split(',') ?? []
  const asked = wanted.includes('prometheus') || isSet(inherited.OTEL_EXPORTER_PROMETHEUS_PORT)
  return asked ? 'otlp,prometheus' : 'otlp'
}

/** The analyzer takes metrics only: other signals are off, unless the user has a place for them. */
function exporterUnlessSet(inherited: Environment, signal: 'TRACES' | 'LOGS'): Environment {
  const places = [
    `OTEL_${signal}_EXPORTER`,
    `OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`,
    'OTEL_EXPORTER_OTLP_ENDPOINT',
  ]
  return places.some((name) => isSet(inherited[name]))
    ? {}
    : { [`OTEL_${signal}_EXPORTER`]: 'none' }
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== ''
}

function joined(first: string, rest: string | undefined): string {
  return isSet(rest) ? `${first} ${rest}` : first
}
