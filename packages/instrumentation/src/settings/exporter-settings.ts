import type { EnvironmentReader } from './environment-reader.ts'
import { CONSOLE, type OtlpSettings, readOtlpSettings, type Signal } from './otlp-settings.ts'

/** Where `/metrics` is served. */
export interface PrometheusSettings {
  readonly host: string
  readonly port: number
}

const EXPORTERS = ['otlp', 'prometheus', 'console', 'none'] as const

/** How a signal leaves; undefined when it does not. `OTEL_<SIGNAL>_EXPORTER`, by default OTLP. */
export function readExported(reader: EnvironmentReader, signal: Signal): OtlpSettings | undefined {
  const exporters = readExporters(reader, signal)
  if (exporters === undefined || exporters.includes('otlp')) return readOtlpSettings(reader, signal)
  return exporters.includes('console') ? CONSOLE : undefined
}

function readExporters(reader: EnvironmentReader, signal: Signal): readonly string[] | undefined {
  const name = `OTEL_${signal.toUpperCase()}_EXPORTER`
  const wanted = reader.list(name)?.map((exporter) => exporter.toLowerCase())
  const known = wanted?.filter(
    (exporter) =>
      EXPORTERS.some((other) => other === exporter) &&
      (exporter !== 'prometheus' || signal === 'metrics'),
  )
  if (known?.length !== wanted?.length) {
    const offered = EXPORTERS.filter(
      (exporter) => exporter !== 'prometheus' || signal === 'metrics',
    )
    reader.reject(name, `some of ${offered.join(', ')}`, 'the known ones')
  }
  if (known?.includes('otlp') && known.includes('console')) {
    reader.reject(name, 'either otlp or console: one signal leaves by one of them', 'otlp')
  }
  return known?.length === 0 ? undefined : known
}

/** `/metrics` is on unless the exporters are named and Prometheus is not among them. */
export function readPrometheusSettings(reader: EnvironmentReader): PrometheusSettings | undefined {
  const exporters = readExporters(reader, 'metrics')
  if (exporters !== undefined && !exporters.includes('prometheus')) return undefined
  return {
    host: reader.text('OTEL_EXPORTER_PROMETHEUS_HOST') ?? 'localhost',
    port: reader.number('OTEL_EXPORTER_PROMETHEUS_PORT', 9464, { min: 0, max: 65_535 }),
  }
}
