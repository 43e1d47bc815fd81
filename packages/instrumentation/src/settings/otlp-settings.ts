import type { EnvironmentReader } from './environment-reader.ts'

/** The kinds of telemetry that leave by OTLP. */
export type Signal = 'metrics' | 'traces' | 'logs'

/** How requests are encoded. OTLP/gRPC is not offered: it would load a second HTTP stack. */
export type OtlpEncoding = 'protobuf' | 'json'

/** Where and how one signal is sent. */
export interface OtlpSettings {
  /** The full URL of the request, path included. */
  readonly url: string
  readonly encoding: OtlpEncoding
  readonly gzip: boolean
  readonly headers: Readonly<Record<string, string>>
  /** How long one request with its retries may take. */
  readonly timeoutMs: number
  /** Paths of PEM files: who is trusted, and who we are. */
  readonly caFile?: string
  readonly keyFile?: string
  readonly certificateFile?: string
}

/** In place of a receiver: each request is one line of OTLP as JSON on standard output. */
export const CONSOLE: OtlpSettings = {
  url: 'console:',
  encoding: 'json',
  gzip: false,
  headers: {},
  timeoutMs: 10_000,
}

const ENDPOINT_DEFAULT = 'http://localhost:4318'
const TIMEOUT_DEFAULT_MS = 10_000

/** Reads the `OTEL_EXPORTER_OTLP_*` variables; those of the signal win over the general ones. */
export function readOtlpSettings(reader: EnvironmentReader, signal: Signal): OtlpSettings {
  const name = (suffix: string): string => {
    const own = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${suffix}`
    return reader.text(own) === undefined ? `OTEL_EXPORTER_OTLP_${suffix}` : own
  }
  const files = {
    caFile: reader.text(name('CERTIFICATE')),
    keyFile: reader.text(name('CLIENT_KEY')),
    certificateFile: reader.text(name('CLIENT_CERTIFICATE')),
  }
  const set = Object.entries(files).filter(([, file]) => file !== undefined)
  return {
    url: readUrl(reader, signal),
    encoding: readEncoding(reader, name('PROTOCOL')),
    gzip: reader.choice(name('COMPRESSION'), ['gzip', 'none'], 'none') === 'gzip',
    headers: { ...readHeaders(reader, 'HEADERS'), ...readHeaders(reader, `${signal}_HEADERS`) },
    timeoutMs: reader.timeout(name('TIMEOUT'), TIMEOUT_DEFAULT_MS),
    ...Object.fromEntries(set),
  }
}

/**
 * "[The per-signal URL] MUST be used as-is without any modification. [...] [Otherwise] signals are
 * sent to `<base>/v1/traces`, `<base>/v1/metrics`, `<base>/v1/logs`."
 * (opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp)
 */
function readUrl(reader: EnvironmentReader, signal: Signal): string {
  const fallback = `${ENDPOINT_DEFAULT}/v1/${signal}`
  const ownName = `OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_ENDPOINT`
  const own = reader.text(ownName)
  if (own !== undefined) return checkedUrl(reader, ownName, own) ?? fallback
  const base = reader.text('OTEL_EXPORTER_OTLP_ENDPOINT') ?? ENDPOINT_DEFAULT
  const url = checkedUrl(reader, 'OTEL_EXPORTER_OTLP_ENDPOINT', base)
  if (url === undefined) return fallback
  const parsed = new URL(url)
  parsed.pathname = `${parsed.pathname.replace(/\/+$/, '')}/v1/${signal}`
  return parsed.href
}

function checkedUrl(reader: EnvironmentReader, name: string, text: string): string | undefined {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return new URL(text).href
  reader.reject(name, 'a URL that starts with http:// or https://', ENDPOINT_DEFAULT)
  return undefined
}

function readEncoding(reader: EnvironmentReader, name: string): OtlpEncoding {
  if (reader.text(name)?.toLowerCase() === 'grpc') {
    const http = 'http/protobuf or http/json, by default on port 4318: OTLP/gRPC is not offered'
    reader.reject(name, http, 'http/protobuf')
    return 'protobuf'
  }
  const protocol = reader.choice(name, ['http/protobuf', 'http/json'], 'http/protobuf')
  return protocol === 'http/json' ? 'json' : 'protobuf'
}

function readHeaders(reader: EnvironmentReader, suffix: string): Readonly<Record<string, string>> {
  const name = `OTEL_EXPORTER_OTLP_${suffix.toUpperCase()}`
  const headers: Record<string, string> = {}
  for (const [key, value] of Object.entries(reader.pairs(name))) {
    // A line break or a control character in a header would make each request throw.
    if (/^[\w!#$%&'*+.^`|~-]+$/.test(key) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      headers[key.toLowerCase()] = value
    } else {
      reader.reject(name, 'valid HTTP header names and values', 'the other headers')
    }
  }
  return headers
}
