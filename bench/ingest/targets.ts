import { existsSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ALLOCATION, NODE_FLAGS } from '../../packages/cli/src/lean-process.ts'

/** A server that takes OTLP metrics over HTTP. */
export interface Target {
  readonly name: string
  /** Whether it stores what it takes: a relay is a lower bound, not a peer. */
  readonly stores: boolean
  readonly path: string
  /** The command that serves on a port, with its data in a directory. */
  command(port: number, directory: string): readonly string[]
  /** Environment of its own. */
  readonly env?: Readonly<Record<string, string>>
}

const BINARIES = new URL('../../.cache/stack/bin/', import.meta.url).pathname
const CLI = new URL('../../packages/cli/src/main.ts', import.meta.url).pathname
const CHILD = new URL('./analyzer-child.ts', import.meta.url).pathname

const PROMETHEUS_CONFIG = `
global: { scrape_interval: 1h }
otlp:
  promote_resource_attributes: [deployment.environment.name, host.name, k8s.namespace.name, k8s.pod.name,
    k8s.deployment.name, k8s.node.name, service.version]
`

/** All of the analyzer as it comes, with room for a million series and more. */
const serveConfig = (port: number, directory: string) => `
listen: { otlpHttp: ${port}, otlpGrpc: 0, api: 0 }
dataDir: ${directory}/data
limits: { seriesMax: 2000000, memoryBytesMax: 4GiB }
`

/** The command that runs the whole analyzer on an OTLP port, with its data below a directory. */
export function serveCommand(port: number, directory: string): readonly string[] {
  const config = file(directory, 'chokepoint.yaml', serveConfig(port, directory))
  return [process.execPath, '--conditions=chokepoint-source', CLI, 'serve', `--config=${config}`]
}

const collectorConfig = (port: number) => `
receivers: { otlp: { protocols: { http: { endpoint: 127.0.0.1:${port} } } } }
exporters: { debug: { verbosity: basic, sampling_initial: 1, sampling_thereafter: 1000000 } }
service:
  telemetry: { logs: { level: error }, metrics: { level: none } }
  pipelines: { metrics: { receivers: [otlp], exporters: [debug] } }
`

const TARGETS: readonly (Target & { readonly binary?: string })[] = [
  {
    name: 'analyzer',
    stores: true,
    path: '/v1/metrics',
    // With what `serve` gives itself.
    env: ALLOCATION,
    command: (port, directory) => [
      process.execPath,
      '--conditions=chokepoint-source',
      ...NODE_FLAGS,
      CHILD,
      String(port),
      directory,
    ],
  },
  {
    name: 'chokepoint serve',
    stores: true,
    path: '/v1/metrics',
    command: serveCommand,
  },
  {
    name: 'Prometheus',
    binary: 'prometheus',
    stores: true,
    path: '/api/v1/otlp/v1/metrics',
    command: (port, directory) => [
      `${BINARIES}prometheus`,
      '--web.enable-otlp-receiver',
      `--config.file=${file(directory, 'prometheus.yml', PROMETHEUS_CONFIG)}`,
      `--storage.tsdb.path=${directory}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--log.level=error',
    ],
  },
  {
    name: 'VictoriaMetrics',
    binary: 'victoria-metrics',
    stores: true,
    path: '/opentelemetry/v1/metrics',
    command: (port, directory) => [
      `${BINARIES}victoria-metrics`,
      `-storageDataPath=${directory}/data`,
      `-httpListenAddr=127.0.0.1:${port}`,
      '-opentelemetry.usePrometheusNaming',
      '-loggerLevel=ERROR',
    ],
  },
  {
    name: 'Collector (otlp → debug)',
    binary: 'otelcol',
    stores: false,
    path: '/v1/metrics',
    command: (port, directory) => [
      `${BINARIES}otelcol`,
      `--config=${file(directory, 'collector.yaml', collectorConfig(port))}`,
    ],
  },
]

/** The targets whose programs are here, and the names of those that are missing. */
export function findTargets(): {
  readonly present: readonly Target[]
  readonly missing: readonly string[]
} {
  const isHere = ({ binary }: { readonly binary?: string }) =>
    binary === undefined || existsSync(BINARIES + binary)
  return {
    present: TARGETS.filter(isHere),
    missing: TARGETS.filter((target) => !isHere(target)).map(({ name }) => name),
  }
}

/** A directory for one run of a target. */
export function runDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'chokepoint-ingest-'))
}

function file(directory: string, name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}
