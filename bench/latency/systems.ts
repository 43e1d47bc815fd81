import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../tools/testing/free-port.ts'
import { PROMETHEUS, untilReady } from '../query/servers.ts'

/** A running system that takes OTLP and sends webhooks. */
export interface AlertingSystem {
  readonly name: string
  readonly otlpUrl: string
  readonly close: () => Promise<void>
}

const MAIN = new URL('../../packages/analyzer/src/main.ts', import.meta.url).pathname
const ALERTMANAGERS = ['/usr/bin/prometheus-alertmanager', '/usr/local/bin/alertmanager']

const rules = (interval: string) => `
groups:
  - name: latency
    interval: ${interval}
    rules:
      - alert: TooWarm
        expr: room_temperature_celsius > 30
        for: 0s
        labels: { severity: critical }
`

/** The analyzer as it is shipped, detectors and all, with its log on disk; it may write its CPU profile. */
export async function startAnalyzerSystem(
  webhookUrl: string,
  profileFolder?: string,
): Promise<AlertingSystem> {
  const folder = mkdtempSync(join(tmpdir(), 'chokepoint-latency-'))
  writeFileSync(join(folder, 'rules.yml'), rules('15s'))
  const [otlpHttp, otlpGrpc, api] = [await freePort(), await freePort(), await freePort()]
  const path = join(folder, 'chokepoint.yaml')
  const secret = `whsec_${randomBytes(32).toString('base64')}`
  writeFileSync(
    path,
    `
listen: { host: 127.0.0.1, otlpHttp: ${otlpHttp}, otlpGrpc: ${otlpGrpc}, api: ${api} }
dataDir: ${folder}/data
rules: ['${folder}/rules.yml']
webhooks: [{ url: '${webhookUrl}', secret: '${secret}', events: ['alert.firing'], allowPrivate: true }]
`,
  )
  const env = { ...process.env, CHOKEPOINT_CONFIG: path }
  const profile =
    profileFolder === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`]
  const args = ['--conditions=chokepoint-source', ...profile, MAIN]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'], env })
  await untilReady(`http://127.0.0.1:${api}`, child)
  return {
    name: 'analyzer',
    otlpUrl: `http://127.0.0.1:${otlpHttp}/v1/metrics`,
    // A profile is written by a process that ends by itself.
    close: () => end([child], folder, profileFolder === undefined ? 'SIGKILL' : 'SIGTERM'),
  }
}

/** Prometheus and Alertmanager, which wait for nothing but the evaluation interval. */
export async function startPrometheusSystem(
  webhookUrl: string,
  interval: string,
): Promise<AlertingSystem | undefined> {
  const alertmanager = ALERTMANAGERS.find((path) => existsSync(path))
  if (alertmanager === undefined || !existsSync(PROMETHEUS)) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'chokepoint-latency-prometheus-'))
  const [port, alertPort] = [await freePort(), await freePort()]
  writeFileSync(join(folder, 'rules.yml'), rules(interval))
  writeFileSync(join(folder, 'prometheus.yml'), prometheusConfig(interval, alertPort))
  writeFileSync(join(folder, 'alertmanager.yml'), alertmanagerConfig(webhookUrl))
  const options = { stdio: ['ignore', 'ignore', 'ignore'] as ['ignore', 'ignore', 'ignore'] }
  const alerts = spawn(
    alertmanager,
    [
      `--config.file=${folder}/alertmanager.yml`,
      `--storage.path=${folder}/alerts`,
      `--web.listen-address=127.0.0.1:${alertPort}`,
      '--cluster.listen-address=',
    ],
    options,
  )
  const metrics = spawn(
    PROMETHEUS,
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-otlp-receiver',
    ],
    options,
  )
  await untilReady(`http://127.0.0.1:${alertPort}`, alerts)
  await untilReady(`http://127.0.0.1:${port}`, metrics)
  return {
    name: `Prometheus + Alertmanager, ${interval}`,
    otlpUrl: `http://127.0.0.1:${port}/api/v1/otlp/v1/metrics`,
    close: () => end([metrics, alerts], folder),
  }
}

const prometheusConfig = (interval: string, alertPort: number) => `
global: { scrape_interval: 1h, evaluation_interval: ${interval} }
rule_files: [rules.yml]
alerting: { alertmanagers: [{ static_configs: [{ targets: ['127.0.0.1:${alertPort}'] }] }] }
`

// Each room is a group of its own, so none waits for the interval of a group that was sent before.
const alertmanagerConfig = (webhookUrl: string) => `
route: { receiver: hook, group_by: ['...'], group_wait: 0s, group_interval: 1s, repeat_interval: 1h }
receivers: [{ name: hook, webhook_configs: [{ url: '${webhookUrl}', send_resolved: false }] }]
`

async function end(
  children: readonly ChildProcess[],
  folder: string,
  signal: NodeJS.Signals = 'SIGKILL',
): Promise<void> {
  for (const child of children) {
    if (child.exitCode !== null) continue
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }
  rmSync(folder, { recursive: true, force: true })
}
