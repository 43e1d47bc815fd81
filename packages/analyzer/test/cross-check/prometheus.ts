import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../../../tools/testing/free-port.ts'

/** Where a Prometheus 3 is looked for: Debian's 2.42 takes no OTLP. */
export const PROMETHEUS = new URL('../../../../.cache/stack/bin/prometheus', import.meta.url)
  .pathname

const CONFIG = `
global: { scrape_interval: 1h }
storage: { tsdb: { out_of_order_time_window: 30m } }
otlp:
  promote_resource_attributes: [deployment.environment.name, host.name, k8s.namespace.name, k8s.pod.name,
    k8s.deployment.name, k8s.node.name, service.version]
`

/** A Prometheus that runs for one test. */
export interface RunningPrometheus {
  readonly url: string
  readonly otlpUrl: string
  readonly close: () => Promise<void>
}

/** Tells whether there is a Prometheus to compare with. */
export function prometheusIsHere(): boolean {
  return existsSync(PROMETHEUS)
}

/** Starts Prometheus with the OTLP receiver and an empty database. */
export async function startPrometheus(): Promise<RunningPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'chokepoint-cross-check-'))
  const config = join(folder, 'prometheus.yml')
  writeFileSync(config, CONFIG)
  const port = await freePort()
  const child = spawn(
    PROMETHEUS,
    [
      `--config.file=${config}`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-otlp-receiver',
      '--log.level=error',
    ],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  const url = `http://127.0.0.1:${port}`
  await untilReady(url, child)
  return {
    url,
    otlpUrl: `${url}/api/v1/otlp/v1/metrics`,
    close: async () => {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function untilReady(url: string, child: ChildProcess): Promise<void> {
  for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
    if (child.exitCode !== null) throw new Error(`Prometheus ended with code ${child.exitCode}`)
    const ready = await fetch(`${url}/-/ready`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (ready) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('Prometheus is not ready after 30 s')
}
