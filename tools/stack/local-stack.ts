import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePorts } from '../testing/free-port.ts'
import { until } from '../testing/until.ts'
import { type Running, start } from './processes.ts'
import type { Programs } from './programs.ts'

const root = join(import.meta.dirname, '..', '..')
const CLI = join(root, 'packages/cli/dist/main.js')
const REGISTER = join(root, 'packages/instrumentation/dist/register.js')

/** As if Grafana were there: links into it are checked by what they name. */
export const GRAFANA_URL = 'http://grafana.example'

/** Every port that a container of docker-compose.yml has to itself; here they share one address. */
const ADDRESSES = [
  'analyzer:9490',
  'analyzer:4318',
  'analyzer:4317',
  'otel-collector:4318',
  'otel-collector:4317',
  'otel-collector:8888',
  'otel-collector:13133',
  'agent:4318',
  'agent:4317',
  'agent:8889',
  'agent:13133',
  'prometheus:9090',
  'alertmanager:9093',
  'alertmanager:9094',
  'storefront:8080',
  'storefront:9464',
  'catalog:8081',
  'catalog:9464',
  'payment:8082',
  'payment:9464',
] as const
export type Address = (typeof ADDRESSES)[number]

/**
 * The stack of docker-compose.yml as processes on loopback: the real programs, with the repository's own
 * files. Only host names are replaced, since no two containers share an address and these processes do.
 */
export class LocalStack {
  readonly folder = mkdtempSync(join(tmpdir(), 'chokepoint-stack-'))
  readonly #programs: Programs
  readonly #ports = new Map<Address, number>()
  readonly #running = new Map<string, Running>()

  constructor(programs: Programs) {
    this.#programs = programs
  }

  /** Chooses the ports and writes the configuration files; nothing runs yet. */
  async prepare(webhookUrl: string, webhookSecret: string): Promise<void> {
    const ports = await freePorts(ADDRESSES.length)
    for (const [i, address] of ADDRESSES.entries()) this.#ports.set(address, ports[i]!)
    mkdirSync(join(this.folder, 'rules'))
    this.#copy('prometheus/prometheus.yml', (text) =>
      text
        .replace('rules/*.yml', join(root, 'prometheus/rules/*.yml'))
        .replace('localhost:9090', this.at('prometheus:9090')),
    )
    this.#copy('prometheus/alertmanager.yml')
    this.#copy('collector-config/gateway.yaml')
    this.#copy('collector-config/agent.yaml')
    this.#copy('docker/chokepoint.yaml', (text) => {
      const port = (address: Address) => String(this.port(address))
      return `${text
        .replace('0.0.0.0', '127.0.0.1')
        .replace('otlpHttp: 4318', `otlpHttp: ${port('analyzer:4318')}`)
        .replace('otlpGrpc: 4317', `otlpGrpc: ${port('analyzer:4317')}`)
        .replace('api: 9490', `api: ${port('analyzer:9490')}`)
        .replace('/var/lib/chokepoint', join(this.folder, 'analyzer-data'))
        .replace('/etc/chokepoint/rules', join(root, 'prometheus/rules'))}
webhooks: [{ url: '${webhookUrl}', secret: ${webhookSecret} }]
`
    })
  }

  port(address: Address): number {
    return this.#ports.get(address)!
  }

  at(address: Address): string {
    return `127.0.0.1:${this.port(address)}`
  }

  url(address: Address): string {
    return `http://${this.at(address)}`
  }

  output(name: string): string {
    return this.#running.get(name)?.output() ?? ''
  }

  async startAnalyzer(): Promise<void> {
    const args = [CLI, 'serve', '--config', this.#file('chokepoint.yaml')]
    this.#start('analyzer', process.execPath, args, { GRAFANA_URL })
    await this.#ready('analyzer', `${this.url('analyzer:9490')}/-/ready`)
  }

  async startPrometheus(): Promise<void> {
    const args = [
      `--config.file=${this.#file('prometheus.yml')}`,
      `--storage.tsdb.path=${join(this.folder, 'prometheus-data')}`,
      '--web.enable-otlp-receiver',
      '--web.enable-lifecycle',
      `--web.listen-address=${this.at('prometheus:9090')}`,
    ]
    this.#start('prometheus', this.#programs.prometheus, args, { GRAFANA_URL })
    await this.#ready('prometheus', `${this.url('prometheus:9090')}/-/ready`)
  }

  async startAlertmanager(): Promise<void> {
    this.#start('alertmanager', this.#programs.alertmanager, [
      `--config.file=${this.#file('alertmanager.yml')}`,
      `--storage.path=${join(this.folder, 'alertmanager-data')}`,
      `--web.listen-address=${this.at('alertmanager:9093')}`,
      '--cluster.listen-address=',
    ])
    await this.#ready('alertmanager', `${this.url('alertmanager:9093')}/-/ready`)
  }

  async startCollector(): Promise<void> {
    this.#start('collector', this.#programs.collector, [`--config=${this.#file('gateway.yaml')}`], {
      GATEWAY_OTLP_GRPC: this.at('otel-collector:4317'),
      GATEWAY_OTLP_HTTP: this.at('otel-collector:4318'),
      GATEWAY_HEALTH: this.at('otel-collector:13133'),
      GATEWAY_SELF_HOST: '127.0.0.1',
      GATEWAY_SELF_PORT: String(this.port('otel-collector:8888')),
      GATEWAY_STORAGE: join(this.folder, 'collector-queue'),
    })
    await this.#ready('collector', this.url('otel-collector:13133'))
  }

  /** The Collector of a host: its metrics, and metrics from the spans of others. */
  async startAgent(): Promise<void> {
    this.#start('agent', this.#programs.collector, [`--config=${this.#file('agent.yaml')}`], {
      AGENT_OTLP_GRPC: this.at('agent:4317'),
      AGENT_OTLP_HTTP: this.at('agent:4318'),
      AGENT_SELF_PORT: String(this.port('agent:8889')),
      AGENT_STORAGE: join(this.folder, 'agent-queue'),
      AGENT_HEALTH: this.at('agent:13133'),
      AGENT_INTERVAL: '2s',
    })
    await this.#ready('agent', this.url('agent:13133'))
  }

  /** The parts of the shop, each with the preload, as the compose file has them; PostgreSQL is the one from npm. */
  async startShop(faults: string): Promise<void> {
    const outside = { OTEL_SDK_DISABLED: 'true' }
    this.#shopPart('database', 'database.ts', outside)
    const database = await until(
      'the database',
      () => /ready on (postgres:\S+)/.exec(this.output('database'))?.[1],
    )
    const telemetry = (name: 'storefront' | 'catalog' | 'payment') => ({
      NODE_OPTIONS: `--import ${REGISTER}`,
      SHOP_FAULTS: faults,
      OTEL_SERVICE_NAME: name,
      OTEL_EXPORTER_OTLP_ENDPOINT: this.url('otel-collector:4318'),
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      OTEL_EXPORTER_PROMETHEUS_PORT: String(this.port(`${name}:9464`)),
    })
    const [payment, catalog, storefront] = [
      'payment:8082',
      'catalog:8081',
      'storefront:8080',
    ] as const
    this.#shopPart('payment', 'payment/server.ts', {
      ...telemetry('payment'),
      PORT: String(this.port(payment)),
    })
    this.#shopPart('catalog', 'catalog/server.cjs', {
      ...telemetry('catalog'),
      PORT: String(this.port(catalog)),
      DATABASE_URL: database,
    })
    this.#shopPart('storefront', 'storefront/server.ts', {
      ...telemetry('storefront'),
      PORT: String(this.port(storefront)),
      DATABASE_URL: database,
      CATALOG_URL: this.url(catalog),
      PAYMENT_URL: this.url(payment),
    })
    for (const part of ['payment', 'catalog', 'storefront']) {
      await until(`${part} to be ready`, () => / ready on /.test(this.output(part)))
    }
    const load = ['--seconds', '1800', '--rate', '15']
    this.#shopPart(
      'load',
      'load/main.ts',
      { ...outside, STOREFRONT_URL: this.url(storefront) },
      load,
    )
  }

  async stop(name: string): Promise<void> {
    await this.#running.get(name)?.stop()
    this.#running.delete(name)
  }

  /** Ends a program as a crash does. */
  async kill(name: string): Promise<void> {
    this.#running.get(name)?.child.kill('SIGKILL')
    await this.stop(name)
  }

  async close(): Promise<void> {
    for (const name of [...this.#running.keys()].reverse()) await this.stop(name)
    rmSync(this.folder, { recursive: true, force: true })
  }

  #shopPart(
    name: string,
    script: string,
    env: NodeJS.ProcessEnv,
    args: readonly string[] = [],
  ): void {
    this.#start(name, process.execPath, [join(root, 'examples/shop', script), ...args], env)
  }

  #start(name: string, command: string, args: readonly string[], env?: NodeJS.ProcessEnv): void {
    this.#running.set(name, start(command, args, env))
  }

  async #ready(name: string, url: string): Promise<void> {
    await until(`${name} to be ready`, async () => {
      const { exitCode } = this.#running.get(name)!.child
      if (exitCode !== null)
        throw new Error(`it ended with ${exitCode}: ${this.output(name).slice(-1500)}`)
      return (await fetch(url)).ok || undefined
    })
  }

  #file(name: string): string {
    return join(this.folder, name)
  }

  /** One of the repository's files, with the names of containers replaced by addresses of this machine. */
  #copy(path: string, edit: (text: string) => string = (text) => text): void {
    let text = edit(readFileSync(join(root, path), 'utf8'))
    for (const address of ADDRESSES) text = text.replaceAll(address, this.at(address))
    writeFileSync(this.#file(path.slice(path.lastIndexOf('/') + 1)), text)
  }
}
