import type { EnvironmentReader } from './environment-reader.ts'

/** A standard variable that asks for something which is not here, and the values that ask for nothing. */
interface AbsentFeature {
  readonly name: string
  readonly harmless: readonly string[]
  readonly expected: string
  readonly used: string
}

const ABSENT: readonly AbsentFeature[] = [
  {
    name: 'OTEL_CONFIG_FILE',
    harmless: [],
    expected: 'environment variables: files are not read',
    used: 'the variables',
  },
  {
    name: 'OTEL_EXPERIMENTAL_CONFIG_FILE',
    harmless: [],
    expected: 'environment variables: files are not read',
    used: 'the variables',
  },
  {
    name: 'OTEL_METRICS_EXEMPLAR_FILTER',
    harmless: ['always_off'],
    expected: 'always_off: exemplars are not recorded',
    used: 'always_off',
  },
  {
    name: 'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION',
    harmless: ['explicit_bucket_histogram'],
    expected: 'explicit_bucket_histogram: exponential ones are not made',
    used: 'explicit_bucket_histogram',
  },
]

/** Tells each standard variable that asks in vain: silence would look like consent. */
export function tellAbsentFeatures(reader: EnvironmentReader): void {
  for (const { name, harmless, expected, used } of ABSENT) {
    const value = reader.text(name)?.toLowerCase()
    if (value !== undefined && !harmless.includes(value)) reader.reject(name, expected, used)
  }
}
