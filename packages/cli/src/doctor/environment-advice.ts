import type { Environment } from '../options.ts'

/** A setting of the environment by which users lose sight of their service, and what to say of it. */
interface Pitfall {
  readonly names: readonly string[]
  readonly applies: (value: string) => boolean
  readonly advice: (name: string, value: string) => string
}

// Two agents measure everything twice, and patch the same functions.
const OTHER_AGENTS = /dd-trace|newrelic|elastic-apm|auto-instrumentations-node|@sentry|appdynamics/

const perSignal = (suffix: string): string[] =>
  ['', 'METRICS_', 'TRACES_', 'LOGS_'].map((signal) => `OTEL_EXPORTER_OTLP_${signal}${suffix}`)

const list = (value: string): string[] => value.split(',').map((item) => item.trim().toLowerCase())

const PITFALLS: readonly Pitfall[] = [
  {
    names: ['OTEL_SDK_DISABLED'],
    applies: (value) => value.toLowerCase() === 'true',
    advice: () => 'OTEL_SDK_DISABLED=true switches the preload off: unset it',
  },
  {
    names: ['NODE_OPTIONS'],
    applies: (value) => OTHER_AGENTS.test(value),
    advice: (_name, value) =>
      `NODE_OPTIONS loads another agent (${OTHER_AGENTS.exec(value)?.[0]}): both would measure and ` +
      'patch; leave one out',
  },
  {
    names: perSignal('PROTOCOL'),
    applies: (value) => value.toLowerCase() === 'grpc',
    advice: (name) => `${name}=grpc is not offered: use http/protobuf and port 4318`,
  },
  {
    names: perSignal('ENDPOINT'),
    applies: (value) => URL.canParse(value) && new URL(value).port === '4317',
    advice: (name) => `${name} names port 4317, which is usually OTLP/gRPC: HTTP is on 4318`,
  },
  {
    names: ['OTEL_METRICS_EXPORTER'],
    applies: (value) => !['otlp', 'prometheus'].some((exporter) => list(value).includes(exporter)),
    advice: (name, value) =>
      `${name}=${value}: doctor has the metrics sent to itself, but in service none would arrive anywhere`,
  },
  {
    names: ['OTEL_TRACES_SAMPLER'],
    applies: (value) => value.toLowerCase() === 'always_off',
    advice: (name) => `${name}=always_off keeps no span, not even of requests that fail`,
  },
  {
    names: ['OTEL_NODE_ENABLED_INSTRUMENTATIONS'],
    applies: (value) => !list(value).includes('http'),
    advice: (name) => `http is not among ${name}: no request is measured`,
  },
  {
    names: ['OTEL_NODE_DISABLED_INSTRUMENTATIONS'],
    applies: (value) => list(value).includes('http'),
    advice: (name) => `http is among ${name}: no request is measured`,
  },
  {
    names: ['OTEL_CONFIG_FILE', 'OTEL_EXPERIMENTAL_CONFIG_FILE'],
    applies: () => true,
    advice: (name) => `${name} is not read: set the variables`,
  },
]

/** What to change in the environment of the command; each a sentence. */
export function environmentAdvice(environment: Environment): string[] {
  return PITFALLS.flatMap(({ names, applies, advice }) =>
    names.flatMap((name) => {
      const value = environment[name]?.trim() ?? ''
      return value !== '' && applies(value) ? [advice(name, value)] : []
    }),
  )
}
