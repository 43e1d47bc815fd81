import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../../../../../tools/testing/free-port.ts'

const PROMETHEUS = '/usr/bin/prometheus'
const PROMTOOL = '/usr/bin/promtool'

/** Without these there is nothing to compare with. */
export const HAS_PROMETHEUS = existsSync(PROMETHEUS) && existsSync(PROMTOOL)

export interface RealPrometheus {
  readonly url: string
  readonly stop: () => Promise<void>
}

/** Debian's Prometheus on a free loopback port, over the samples of an OpenMetrics text. */
export async function startPrometheus(openMetrics?: string): Promise<RealPrometheus> {
  const folder = mkdtempSync(join(tmpdir(), 'chokepoint-prometheus-'))
  const data = join(folder, 'data')
  writeFileSync(join(folder, 'prometheus.yml'), 'global: {}\n')
  if (openMetrics !== undefined) {
    writeFileSync(join(folder, 'samples.txt'), openMetrics)
    const blocks = ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'samples.txt'), data]
    execFileSync(PROMTOOL, blocks, { stdio: 'ignore' })
  }
  const port = await freePort()
  const child = spawn(
    PROMETHEUS,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${data}`,
      '--storage.tsdb.retention.time=100y',
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  )
  const url = `http://127.0.0.1:${port}`
  await untilReady(`${url}/-/ready`)
  return {
    url,
    stop: async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** An answer of either server: code, content type and body. */
export async function askPrometheus(url: string, request: string) {
  const response = await fetch(`${url}/api/v1/${request}`)
  const text = await response.text()
  // Newer versions than Debian's write this in lower case, say where a wrong text came in, and count
  // dropped targets.
  const body = text
    .replace('Invalid time value', 'invalid time value')
    .replace(
      /("error":")(1:\d+: parse error|invalid expression type)/,
      '$1invalid parameter \\"query\\": $2',
    )
    .replace(',"droppedTargetCounts":{}', '')
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    body: JSON.parse(body) as unknown,
  }
}

async function untilReady(url: string): Promise<void> {
  for (;;) {
    const response = await fetch(url).catch(() => undefined)
    if (response?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
