import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type Running, startWeb } from '../web-fixture.ts'

const PROMETHEUS = '/usr/bin/prometheus'

/** Requests whose answer, code and type must be those of a real Prometheus. */
const REQUESTS: readonly string[] = [
  'query?query=up&time=abc',
  'query?query=up&time=2020-01-01',
  'query?query=up&time=0x10',
  'query?query=up&timeout=abc',
  'query_range?query=up',
  'query_range?query=up&start=1',
  'query_range?query=up&start=1&end=0&step=1',
  'query_range?query=up&start=1&end=2',
  'query_range?query=up&start=1&end=2&step=0',
  'query_range?query=up&start=1&end=2&step=-1',
  'query_range?query=up&start=1&end=2&step=x',
  'query_range?query=up&start=1&end=2&step=30m1h',
  'query_range?query=up&start=1&end=2&step=1.5h',
  'query_range?query=up&start=0&end=100000&step=1',
  'query_range?query=up&start=0&end=11001&step=1',
  'series',
  'series?match[]={}',
  'series?match[]={a=""}',
  'series?match[]={a=~".*"}',
  'series?match[]=up',
  'series?match[]=up&start=x',
  'labels',
  'labels?match[]={}',
  'labels?start=x',
  'label/job/values',
  'label/job/values?end=x',
  'metadata',
  'metadata?limit=x',
  'rules',
  'rules?type=x',
  'targets',
]

describe('the Prometheus API beside a real Prometheus', function () {
  this.timeout(30_000)
  let prometheus: ChildProcess
  let prometheusUrl: string
  let folder: string
  let ours: Running

  before(async function () {
    // Without the binary there is nothing to compare with; the other tests pin the same texts.
    if (!existsSync(PROMETHEUS)) return this.skip()
    folder = mkdtempSync(join(tmpdir(), 'chokepoint-prometheus-'))
    writeFileSync(join(folder, 'prometheus.yml'), 'global: {}\n')
    const port = await freePort()
    prometheusUrl = `http://127.0.0.1:${port}`
    prometheus = spawn(
      PROMETHEUS,
      [
        `--config.file=${join(folder, 'prometheus.yml')}`,
        `--storage.tsdb.path=${join(folder, 'data')}`,
        `--web.listen-address=127.0.0.1:${port}`,
      ],
      { stdio: 'ignore' },
    )
    await untilReady(`${prometheusUrl}/-/ready`)
    ours = await startWeb()
  })

  after(async () => {
    await ours?.server.close()
    if (prometheus !== undefined) {
      const ended = new Promise((resolve) => prometheus.once('exit', resolve))
      prometheus.kill('SIGKILL')
      await ended
      rmSync(folder, { recursive: true, force: true })
    }
  })

  for (const request of REQUESTS) {
    it(`answers ${request} alike`, async () => {
      expect(await ask(ours.url, request)).to.deep.equal(await ask(prometheusUrl, request))
    })
  }
})

async function ask(url: string, request: string) {
  const response = await fetch(`${url}/api/v1/${request}`)
  const text = await response.text()
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    // Newer versions than the one compared with write this in lower case, and count dropped targets.
    body: JSON.parse(
      text
        .replace('Invalid time value', 'invalid time value')
        .replace(',"droppedTargetCounts":{}', ''),
    ) as unknown,
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function untilReady(url: string): Promise<void> {
  for (;;) {
    const response = await fetch(url).catch(() => undefined)
    if (response?.ok) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}
