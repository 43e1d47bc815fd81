import { expect } from 'chai'
import { freePort } from '../../../../tools/testing/free-port.ts'
import { until } from '../../../../tools/testing/until.ts'
import { AppProcess } from './app-process.ts'
import { OtlpReceiver } from './otlp-receiver.ts'

/** The samples of a text page whose line begins with a name: labels and value. */
function samples(page: string, name: string): { labels: Record<string, string>; value: number }[] {
  return page
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .map((line) => ({
      labels: Object.fromEntries(
        Array.from(line.matchAll(/(\w+)="([^"]*)"/g), ([, key, value]) => [key!, value!]),
      ),
      value: Number(line.slice(line.lastIndexOf(' ') + 1)),
    }))
}

const SERVED = 'http_server_request_duration_seconds_count'
const LOOP_USE = 'nodejs_eventloop_utilization_ratio'

describe('a cluster under the preload', () => {
  let receiver: OtlpReceiver
  let app: AppProcess
  let url: string
  let metrics: string

  async function start(environment: Record<string, string> = {}): Promise<void> {
    receiver = await OtlpReceiver.start()
    const port = await freePort()
    metrics = `http://127.0.0.1:${port}/metrics`
    app = new AppProcess('cluster-app.mjs', {
      ...(environment.PRIMARY_BARE === undefined ? { preload: '--import' as const } : {}),
      environment: {
        OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
        OTEL_METRIC_EXPORT_INTERVAL: '500',
        OTEL_EXPORTER_PROMETHEUS_PORT: String(port),
        ...environment,
      },
    })
    url = await app.listening()
  }

  afterEach(async () => {
    app.child.kill('SIGTERM')
    await app.ended
    receiver.stop()
  })

  const scrape = async (query = '') => {
    const answer = await fetch(metrics + query).catch(() => undefined)
    return (await answer?.text()) ?? ''
  }
  const total = (page: string, name = SERVED) =>
    samples(page, name).reduce((sum, { value }) => sum + value, 0)

  /** Scrapes until a page is as wanted. */
  async function page(wanted: (text: string) => boolean, query = ''): Promise<string> {
    let text = ''
    for (let tries = 0; tries < 150; tries++) {
      text = await scrape(query)
      if (wanted(text)) return text
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error(`no such page; the last:\n${text}\n${app.stderr}`)
  }

  async function ask(count: number): Promise<void> {
    for (let request = 0; request < count; request++) await (await fetch(`${url}/x`)).text()
  }

  it('has one /metrics: counters summed, gauges by worker, the machine once', async () => {
    await start()
    await ask(10)
    // A loop's use is there from its second reading on: not yet when a worker has just begun.
    const merged = await page((text) => total(text) === 10 && samples(text, LOOP_USE).length === 3)
    expect(samples(merged, SERVED)).to.have.length(1)
    expect(samples(merged, SERVED)[0]!.labels).to.not.have.property('worker')
    expect(total(merged, 'component_operation_duration_seconds_count')).to.equal(10)
    const loops = samples(merged, LOOP_USE)
    expect(loops.map(({ labels }) => labels.worker)).to.have.members(['primary', '1', '2'])
    expect(samples(merged, 'process_memory_usage_bytes')).to.have.length(3)
    expect(samples(merged, 'system_memory_limit_bytes')).to.have.length(1)
    expect(samples(merged, 'target_info')[0]!.labels).to.not.have.any.keys('process_pid')
    const apart = await page((text) => total(text) === 10, '?by=worker')
    expect(samples(apart, SERVED).map(({ labels }) => labels.worker)).to.have.members(['1', '2'])
    // Each has its own identity towards a receiver.
    await until('three instances', () => receiver.instances().size === 3)
    expect(app.stderr).to.equal('')
  })

  it('keeps its counters growing when workers end, are killed, and come back', async () => {
    await start()
    await ask(6)
    await page((text) => total(text) === 6)
    app.child.send({ id: 1, signal: 'SIGKILL' })
    await until('the kill', () => app.stdout.includes('gone 1 SIGKILL'))
    const after = await page((text) => text.includes('worker="3"'))
    expect(total(after)).to.equal(6)
    await (await fetch(`${url}/exit`)).text()
    await until('the end of another', () => / 0\n/.test(app.stdout.split('SIGKILL')[1] ?? ''))
    await ask(4)
    // The request that ended its worker was never done.
    await page((text) => total(text) === 10)
  })

  it('goes on when the process that answers on the port dies, with a primary without us', async () => {
    await start({ WORKERS: '2', PRIMARY_BARE: 'true' })
    await ask(4)
    await page((text) => total(text) === 4)
    const holder = samples(await scrape(), 'process_uptime_seconds').map(
      ({ labels }) => labels.worker,
    )
    expect(holder).to.have.members(['1', '2'])
    app.child.send({ id: 1, signal: 'SIGKILL' })
    await page((text) => text.includes('worker="3"') && total(text) === 4)
    app.child.send({ id: 2, signal: 'SIGKILL' })
    await page((text) => text.includes('worker="4"') && total(text) === 4)
  })
})
