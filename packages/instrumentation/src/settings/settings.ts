import { tellAbsentFeatures } from './absent-features.ts'
import {
  type Environment,
  EnvironmentReader,
  INTEGER_MAX,
  type WarningSink,
} from './environment-reader.ts'
import {
  type PrometheusSettings,
  readExported,
  readPrometheusSettings,
} from './exporter-settings.ts'
import type { OtlpSettings } from './otlp-settings.ts'
import { type ProfileSettings, readProfileSettings } from './profile-settings.ts'

/** How a trace is chosen when no caller has decided for it. */
export type SamplerSettings =
  /** Slow and failed requests, and a share of the rest, decided when the local root ends. */
  | { readonly kind: 'tail'; readonly ratio: number }
  | { readonly kind: 'always_on' | 'always_off'; readonly parentBased: boolean }
  | { readonly kind: 'traceidratio'; readonly parentBased: boolean; readonly ratio: number }

/** Limits on what one span may hold. */
export interface SpanLimits {
  readonly attributeCountMax: number
  readonly attributeValueLengthMax: number
  readonly eventCountMax: number
  readonly linkCountMax: number
  readonly eventAttributeCountMax: number
  readonly linkAttributeCountMax: number
}

/**
 * Everything that a user can set, validated. It is plain data: the app thread reads it once and the
 * watch thread gets a structured clone.
 */
export interface Settings {
  /** False: the preload does nothing at all. */
  readonly enabled: boolean
  readonly serviceName?: string
  /** From `OTEL_RESOURCE_ATTRIBUTES`. */
  readonly resourceAttributes: Readonly<Record<string, string>>
  readonly resourceDetectors: readonly string[]
  readonly logLevel: 'none' | 'error' | 'warn' | 'info' | 'debug' | 'verbose' | 'all'
  readonly propagators: readonly string[]
  readonly metrics: MetricSettings
  readonly traces: TraceSettings
  /** Log events (stall profiles) leave by OTLP. */
  readonly logs: { readonly otlp: OtlpSettings | undefined }
  readonly prometheus: PrometheusSettings | undefined
  readonly stall: StallSettings
  /** Profiles on demand. */
  readonly profiles: ProfileSettings
  readonly governor: GovernorSettings
  readonly instrumentations: {
    /** Only these are loaded, when given. */
    readonly enabled?: readonly string[]
    readonly disabled: readonly string[]
  }
}

export interface MetricSettings {
  readonly otlp: OtlpSettings | undefined
  readonly intervalMs: number
  readonly timeoutMs: number
  readonly temporality: 'cumulative' | 'delta' | 'lowmemory'
}

export interface TraceSettings {
  readonly otlp: OtlpSettings | undefined
  readonly sampler: SamplerSettings
  /** A request slower than this is kept by the tail sampler, whatever its route's own p95 is. */
  readonly slowMs: number | undefined
  readonly limits: SpanLimits
  readonly batchDelayMs: number
  readonly batchSpansMax: number
  readonly queueSpansMax: number
}

export interface StallSettings {
  /** An app thread that gave no sign of life for this long is stalled. */
  readonly thresholdMs: number
  /** False: stalls are timed, not profiled. */
  readonly profile: boolean
}

export interface GovernorSettings {
  /** The part of one processor that the instrumentation may use. */
  readonly cpuShareMax: number
  /** The memory that its thread may use, in MiB. */
  readonly memoryMibMax: number
}

const MINUTE_MS = 60_000
/** The queue is bounded in bytes; this many spans never fit. */
const SPANS_MAX = 1_048_576
const DETECTORS = ['env', 'host', 'os', 'process', 'container', 'serviceinstance']

/**
 * The validated settings of this process. Wrong values are told through `warn`, one line each, and
 * their defaults are used. Names and meanings are the specification's
 * (opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables); ours begin with
 * `CHOKEPOINT_`. Both threads read them; only the app thread tells the warnings.
 */
export function readSettings(environment: Environment, warn: WarningSink): Settings {
  const reader = new EnvironmentReader(environment, warn)
  const serviceName = reader.text('OTEL_SERVICE_NAME')
  const enabledInstrumentations = reader.list('OTEL_NODE_ENABLED_INSTRUMENTATIONS')
  tellAbsentFeatures(reader)
  return {
    enabled: !reader.boolean('OTEL_SDK_DISABLED', false),
    ...(serviceName === undefined ? {} : { serviceName }),
    resourceAttributes: reader.pairs('OTEL_RESOURCE_ATTRIBUTES'),
    resourceDetectors: readDetectors(reader),
    logLevel: reader.choice(
      'OTEL_LOG_LEVEL',
      ['none', 'error', 'warn', 'info', 'debug', 'verbose', 'all'],
      'info',
    ),
    propagators: readPropagators(reader),
    metrics: readMetricSettings(reader),
    traces: readTraceSettings(reader),
    logs: { otlp: readExported(reader, 'logs') },
    prometheus: readPrometheusSettings(reader),
    stall: {
      thresholdMs: reader.number('CHOKEPOINT_STALL_MS', 200, { min: 20, max: MINUTE_MS }),
      profile: reader.boolean('CHOKEPOINT_STALL_PROFILE', true),
    },
    profiles: readProfileSettings(reader),
    governor: {
      cpuShareMax: reader.number('CHOKEPOINT_CPU_SHARE_MAX', 0.05, {
        min: 0.001,
        max: 1,
        integer: false,
      }),
      memoryMibMax: reader.number('CHOKEPOINT_MEMORY_MIB_MAX', 96, { min: 16, max: 128 }),
    },
    instrumentations: {
      ...(enabledInstrumentations === undefined ? {} : { enabled: enabledInstrumentations }),
      disabled: reader.list('OTEL_NODE_DISABLED_INSTRUMENTATIONS') ?? [],
    },
  }
}

function readMetricSettings(reader: EnvironmentReader): MetricSettings {
  const intervalMs = reader.number('OTEL_METRIC_EXPORT_INTERVAL', MINUTE_MS, {
    min: 50,
    max: INTEGER_MAX,
  })
  const timeoutMs = reader.timeout('OTEL_METRIC_EXPORT_TIMEOUT', 30_000)
  return {
    otlp: readExported(reader, 'metrics'),
    intervalMs,
    // The SDK refuses a timeout longer than the interval.
    timeoutMs: Math.min(timeoutMs, intervalMs),
    temporality: reader.choice(
      'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE',
      ['cumulative', 'delta', 'lowmemory'],
      'cumulative',
    ),
  }
}

function readTraceSettings(reader: EnvironmentReader): TraceSettings {
  const slowMs = reader.number('CHOKEPOINT_SLOW_MS', 0, { min: 0, max: 3_600_000 })
  const count = (name: string, fallback: number): number =>
    reader.number(name, fallback, { min: 0, max: INTEGER_MAX })
  const attributeCountMax = count('OTEL_ATTRIBUTE_COUNT_LIMIT', 128)
  const lengthMax = count('OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT', 4096)
  const otlp = readExported(reader, 'traces')
  const timeoutMs = reader.timeout('OTEL_BSP_EXPORT_TIMEOUT', 30_000)
  const queueSpansMax = reader.number('OTEL_BSP_MAX_QUEUE_SIZE', SPANS_MAX, {
    min: 1,
    max: INTEGER_MAX,
  })
  const batchSpansMax = reader.number('OTEL_BSP_MAX_EXPORT_BATCH_SIZE', 512, {
    min: 1,
    max: INTEGER_MAX,
  })
  return {
    otlp: otlp && { ...otlp, timeoutMs: Math.min(otlp.timeoutMs, timeoutMs) },
    sampler: readSampler(reader),
    slowMs: slowMs === 0 ? undefined : slowMs,
    limits: {
      attributeCountMax: count('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', attributeCountMax),
      attributeValueLengthMax: count('OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', lengthMax),
      eventCountMax: count('OTEL_SPAN_EVENT_COUNT_LIMIT', 128),
      linkCountMax: count('OTEL_SPAN_LINK_COUNT_LIMIT', 128),
      eventAttributeCountMax: count('OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT', attributeCountMax),
      linkAttributeCountMax: count('OTEL_LINK_ATTRIBUTE_COUNT_LIMIT', attributeCountMax),
    },
    batchDelayMs: reader.number('OTEL_BSP_SCHEDULE_DELAY', 5000, { min: 0, max: INTEGER_MAX }),
    // "Must be less than or equal to OTEL_BSP_MAX_QUEUE_SIZE": a larger batch would never find room.
    batchSpansMax: Math.min(batchSpansMax, queueSpansMax),
    queueSpansMax,
  }
}

function readSampler(reader: EnvironmentReader): SamplerSettings {
  const ratioOf = (fallback: number): number =>
    reader.number('OTEL_TRACES_SAMPLER_ARG', fallback, { min: 0, max: 1, integer: false })
  const name = reader.choice(
    'OTEL_TRACES_SAMPLER',
    [
      'chokepoint_tail',
      'always_on',
      'always_off',
      'traceidratio',
      'parentbased_always_on',
      'parentbased_always_off',
      'parentbased_traceidratio',
    ],
    'chokepoint_tail',
  )
  if (name === 'chokepoint_tail') return { kind: 'tail', ratio: ratioOf(0.01) }
  const parentBased = name.startsWith('parentbased_')
  if (name.endsWith('traceidratio')) {
    return { kind: 'traceidratio', parentBased, ratio: ratioOf(1) }
  }
  return { kind: name.endsWith('always_on') ? 'always_on' : 'always_off', parentBased }
}

function readDetectors(reader: EnvironmentReader): readonly string[] {
  const name = 'OTEL_NODE_RESOURCE_DETECTORS'
  const wanted = reader.list(name) ?? ['all']
  if (wanted.includes('none')) return []
  if (wanted.includes('all')) return DETECTORS
  const known = wanted.filter((detector) => DETECTORS.includes(detector))
  if (known.length < wanted.length) reader.reject(name, DETECTORS.join(', '), 'the known ones')
  return known
}

function readPropagators(reader: EnvironmentReader): readonly string[] {
  const wanted = reader.list('OTEL_PROPAGATORS') ?? ['tracecontext', 'baggage']
  const known = wanted.filter((name) => name === 'tracecontext' || name === 'baggage')
  if (known.length < wanted.length && !wanted.includes('none')) {
    reader.reject('OTEL_PROPAGATORS', 'tracecontext, baggage or none', 'the known ones')
  }
  return known
}
