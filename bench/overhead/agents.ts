import { pathToFileURL } from 'node:url'

/** One way to run the service. */
export interface Agent {
  readonly name: string
  readonly nodeArguments: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** Packages of the peers and the service, pinned; installed once into a cache folder. */
export const PEER_PACKAGES = {
  '@electric-sql/pglite': '0.5.14',
  '@electric-sql/pglite-socket': '0.2.17',
  '@opentelemetry/api': '1.10.0',
  '@opentelemetry/auto-instrumentations-node': '0.82.0',
  'dd-trace': '6.21.0',
  'elastic-apm-node': '4.18.0',
  fastify: '5.12.8',
  pg: '8.23.1',
} as const

/**
 * The agents that are compared. All send to `sink`, which takes everything and answers 200.
 *
 * @param preload our built `register.js`
 */
export function agents(preload: string, sink: string): readonly Agent[] {
  const otel = {
    OTEL_EXPORTER_OTLP_ENDPOINT: sink,
    OTEL_SERVICE_NAME: 'overhead',
    OTEL_EXPORTER_PROMETHEUS_PORT: '0',
    // The detectors of clouds ask addresses that are not there.
    OTEL_NODE_RESOURCE_DETECTORS: 'env,host,os,process',
  }
  const ours = ['--import', pathToFileURL(preload).href]
  const otelRegister = ['--require', '@opentelemetry/auto-instrumentations-node/register']
  return [
    { name: 'bare', nodeArguments: [], environment: {} },
    { name: 'chokepoint', nodeArguments: ours, environment: otel },
    {
      name: 'chokepoint every span',
      nodeArguments: ours,
      environment: { ...otel, OTEL_TRACES_SAMPLER: 'always_on' },
    },
    { name: 'opentelemetry', nodeArguments: otelRegister, environment: otel },
    {
      name: 'datadog',
      nodeArguments: ['--require', 'dd-trace/init'],
      environment: {
        DD_TRACE_AGENT_URL: sink,
        DD_SERVICE: 'overhead',
        DD_TRACE_STARTUP_LOGS: 'false',
        DD_INSTRUMENTATION_TELEMETRY_ENABLED: 'false',
        DD_REMOTE_CONFIGURATION_ENABLED: 'false',
      },
    },
    {
      name: 'elastic',
      nodeArguments: ['--require', 'elastic-apm-node/start.js'],
      environment: {
        ELASTIC_APM_SERVER_URL: sink,
        ELASTIC_APM_SERVICE_NAME: 'overhead',
        ELASTIC_APM_LOG_LEVEL: 'off',
        ELASTIC_APM_CENTRAL_CONFIG: 'false',
      },
    },
  ]
}

/** One more build of ours under a name of its own, to be compared with others. */
export function builtAgent(name: string, preload: string, sink: string): Agent {
  const chokepoint = agents(preload, sink).find((agent) => agent.name === 'chokepoint')!
  return { ...chokepoint, name }
}
