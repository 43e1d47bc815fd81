import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../tools/testing/free-port.ts'

/** A server that is measured from outside. */
export interface MeasuredServer {
  readonly pid: number
  readonly url: string
  readonly otlpUrl: string
  /** Reads the rule file anew. */
  readonly reload: () => Promise<void>
  /** How many evaluations of the rules have ended, counted from anywhere. */
  readonly evaluations: () => Promise<number>
  readonly close: () => Promise<void>
}

/** Prometheus' program: the tool of the comparison stack builds it. */
export const PROMETHEUS = new URL('../../.cache/stack/bin/prometheus', import.meta.url).pathname

/** Starts the analyzer with a rule file. `nodeOptions` go to its process, such as `--cpu-prof`. */
export async function startAnalyzerServer(
  rules: string,
  nodeOptions: readonly string[] = [],
): Promise<MeasuredServer> {
  const file = new URL('./analyzer-child.ts', import.meta.url).pathname
  const execArgv = ['--conditions=chokepoint-source', '--max-old-space-size=6144', ...nodeOptions]
  const child = fork(file, [rules], { execArgv })
  const [{ ports }] = (await once(child, 'message')) as [
    { ports: { api: number; otlpHttp: number } },
  ]
  const url = `http://127.0.0.1:${ports.api}`
  return {
    pid: child.pid!,
    url,
    otlpUrl: `http://127.0.0.1:${ports.otlpHttp}/v1/metrics`,
    reload: async () => {
      const done = once(child, 'message')
      child.send('reload')
      await done
    },
    evaluations: () => analyzerEvaluations(url),
    close: async () => {
      const gone = once(child, 'exit')
      child.disconnect()
      await gone
    },
  }
}

/** Starts Prometheus with a rule file in the given place, which may be written later. */
export async function startPrometheusServer(rules: string): Promise<MeasuredServer> {
  const folder = mkdtempSync(join(tmpdir(), 'chokepoint-query-prometheus-'))
  const config = join(folder, 'prometheus.yml')
  writeFileSync(config, prometheusConfig(rules))
  const port = await freePort()
  const child = spawn(
    PROMETHEUS,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-otlp-receiver',
      '--web.enable-lifecycle',
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, GOMAXPROCS: '1' } },
  )
  const url = `http://127.0.0.1:${port}`
  await untilReady(url, child)
  return {
    pid: child.pid!,
    url,
    otlpUrl: `${url}/api/v1/otlp/v1/metrics`,
    reload: async () => {
      const reloaded = await fetch(`${url}/-/reload`, { method: 'POST' })
      if (!reloaded.ok) throw new Error(`Prometheus refuses the rules: ${await reloaded.text()}`)
    },
    evaluations: () => prometheusEvaluations(url),
    close: async () => {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** An evaluation that reached the last rule has ended; its number is that of its interval since 1970. */
async function analyzerEvaluations(url: string): Promise<number> {
  const { data } = (await (await fetch(`${url}/api/v1/rules`)).json()) as {
    data: {
      groups: { name: string; interval: number; rules: { lastEvaluation: string }[] }[]
    }
  }
  const group = data.groups.find(({ name }) => name === 'bench')
  const last = Date.parse(group?.rules.at(-1)?.lastEvaluation ?? '')
  return group === undefined || !(last > 0) ? 0 : Math.floor(last / 1000 / group.interval)
}

async function prometheusEvaluations(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  // An iteration is counted when it begins; its duration is told when it has ended.
  const missed = /^prometheus_rule_group_iterations_missed_total\{.*\} (\S+)$/m.exec(text)
  const ended = /^prometheus_rule_group_duration_seconds_count (\S+)$/m.exec(text)
  if (Number(missed?.[1] ?? 0) > 0)
    throw new Error('Prometheus missed an evaluation: its interval is too short')
  return Number(ended?.[1] ?? 0)
}

const prometheusConfig = (rules: string) => `
global: { scrape_interval: 1h }
rule_files: ['${rules}']
otlp:
  promote_resource_attributes: [deployment.environment.name, host.name, k8s.namespace.name, k8s.pod.name,
    k8s.deployment.name, k8s.node.name, service.version]
`

/** Waits until a server says that it is ready. */
export async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    if (child.exitCode !== null) throw new Error(`${url}: ended with exit code ${child.exitCode}`)
    const ready = await fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (ready) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`${url}: not ready after 60 s`)
}
