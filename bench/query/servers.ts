import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A server that is measured from outside. */
export interface MeasuredServer {
  readonly pid: number
  readonly url: string
  readonly otlpUrl: string
  readonly close: () => Promise<void>
}

/** The analyzer, which evaluates its rules when it is asked to. */
export interface AnalyzerServer extends MeasuredServer {
  readonly evaluate: (names: readonly string[]) => Promise<void>
}

/** Prometheus' program: the tool of the comparison stack builds it. */
export const PROMETHEUS = new URL('../../.cache/stack/bin/prometheus', import.meta.url).pathname

/** Starts the analyzer with a rule file. `nodeOptions` go to its process, such as `--cpu-prof`. */
export async function startAnalyzerServer(
  rules: string,
  nodeOptions: readonly string[] = [],
): Promise<AnalyzerServer> {
  const file = new URL('./analyzer-child.ts', import.meta.url).pathname
  const execArgv = ['--conditions=chokepoint-source', '--max-old-space-size=6144', ...nodeOptions]
  const child = fork(file, [rules], { execArgv })
  const [{ ports }] = (await once(child, 'message')) as [
    { ports: { api: number; otlpHttp: number } },
  ]
  return {
    pid: child.pid!,
    url: `http://127.0.0.1:${ports.api}`,
    otlpUrl: `http://127.0.0.1:${ports.otlpHttp}/v1/metrics`,
    evaluate: async (names) => {
      const done = once(child, 'message')
      child.send(names)
      await done
    },
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
    close: async () => {
      const gone = once(child, 'exit')
      child.kill('SIGKILL')
      await gone
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

const prometheusConfig = (rules: string) => `
global: { scrape_interval: 1h }
rule_files: ['${rules}']
otlp:
  promote_resource_attributes: [deployment.environment.name, host.name, k8s.namespace.name, k8s.pod.name,
    k8s.deployment.name, k8s.node.name, service.version]
`

/** A port of the loopback that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}

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
