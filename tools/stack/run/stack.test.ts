import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { Webhook } from 'standardwebhooks'
import { until } from '../../testing/until.ts'
import { LocalStack } from '../local-stack.ts'
import { getPrograms, type Programs } from '../programs.ts'
import { query } from '../prometheus-api.ts'
import { nowSeconds, type RunningStack, SHOP, type ToldEvent } from '../running-stack.ts'
import { describeAgent } from './agent.ts'
import { describeFindings } from './links.ts'
import { describePanels } from './panels.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr'
/** Names that a scrape has besides what the target says. */
const OF_SCRAPES = /^(up|target_info|otel_scope_info|scrape_.*)$/

describe('the stack of real programs', function () {
  this.timeout(240_000)
  let stack: LocalStack
  let receiver: Server
  let programs: Programs
  const events: ToldEvent[] = []

  before(async function () {
    const { programs: found, missing } = getPrograms((line) => console.log(line))
    // `npm run test:stack` has refused already unless it was told to go on.
    if (missing.length > 0) this.skip()
    receiver = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const headers = request.headers as Record<string, string>
      events.push(new Webhook(SECRET.slice('whsec_'.length)).verify(body, headers) as ToldEvent)
      response.end()
    }).listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    const { port } = receiver.address() as AddressInfo
    programs = found as Programs
    stack = new LocalStack(programs)
    await stack.prepare(`http://127.0.0.1:${port}/hook`, SECRET)
    await stack.startAlertmanager()
    await stack.startPrometheus()
    await stack.startAnalyzer()
    await stack.startCollector()
    await stack.startShop('n-plus-one,error-burst')
  })

  after(async () => {
    await stack?.close()
    receiver?.close()
  })

  const prometheus = () => stack.url('prometheus:9090')
  const analyzer = () => stack.url('analyzer:9490')
  const running: RunningStack = {
    ...{ prometheus, analyzer, events },
    stack: () => stack,
    programs: () => programs,
  }
  const requests = (filter: string) =>
    `sum(http_server_request_duration_seconds_count{job=~"${SHOP}"${filter}})`

  it('brings the shop’s metrics through the Collector to Prometheus and to the analyzer', async () => {
    for (const url of [prometheus(), analyzer()]) {
      await until(`requests in ${url}`, async () => {
        const [total] = await query(url, requests(''), nowSeconds())
        return total !== undefined && total.value > 50 ? true : undefined
      })
    }
  })

  it('is scraped by Prometheus at every target, without a failure', async () => {
    await until('all targets to be up', async () => {
      const response = await fetch(`${prometheus()}/api/v1/targets`)
      const { data } = (await response.json()) as {
        data: { activeTargets: { scrapeUrl: string; health: string; lastError: string }[] }
      }
      const bad = data.activeTargets.filter(({ health }) => health !== 'up')
      if (bad.length > 0)
        throw new Error(bad.map((t) => `${t.scrapeUrl} ${t.health} ${t.lastError}`).join())
      return true
    })
    const [scraped] = await query(
      prometheus(),
      'sum(http_server_request_duration_seconds_count{job="shop"})',
      nowSeconds(),
    )
    expect(scraped?.value).to.be.greaterThan(0)
  })

  it('serves /metrics that promtool has nothing to say against, but for names that OpenTelemetry gave', async () => {
    for (const address of ['storefront:9464', 'catalog:9464', 'payment:9464'] as const) {
      const input = await (await fetch(`${stack.url(address)}/metrics`)).text()
      const { stderr, error } = spawnSync(programs.promtool, ['check', 'metrics'], {
        input,
        encoding: 'utf8',
      })
      expect(error, address).to.equal(undefined)
      // `process.thread.count` and its kin are gauges by OpenTelemetry's semantic conventions.
      const lines = stderr.split('\n').filter((line) => line !== '')
      const others = lines.filter((line) => !line.endsWith('should not have "_count" suffix'))
      expect(others, address).to.deep.equal([])
    }
  })

  it('gives a metric the same name on /metrics as OTLP gives it in Prometheus', async () => {
    const names = async (jobs: string) => {
      const counted = `count by (__name__) ({job=~"${jobs}"})`
      const found = await query(prometheus(), counted, nowSeconds())
      return found
        .map(({ labels }) => labels.__name__ ?? '')
        .filter((name) => !OF_SCRAPES.test(name))
    }
    await until('the same names by both ways', async () => {
      expect(await names('shop')).to.deep.equal(await names(SHOP))
      return true
    })
  })

  it('is scraped, and written to, without a warning in the log of Prometheus', () => {
    const warnings = stack.output('prometheus').match(/^.*level=(WARN|ERROR).*$/gm) ?? []
    expect(warnings).to.deep.equal([])
  })

  describePanels(running)
  describeFindings(running)
  describe('with an agent on a host', () => describeAgent(running))

  it('loses nothing when the Collector is restarted while the analyzer is away', async () => {
    await stack.kill('analyzer')
    const sent = await increaseUntil(prometheus())
    await stack.stop('collector')
    await stack.startCollector()
    await stack.startAnalyzer()
    await until(
      'the analyzer to have caught up',
      async () => {
        const [total] = await query(analyzer(), requests(''), sent.atSeconds)
        return total !== undefined && total.value === sent.value ? true : undefined
      },
      120,
    )
  })

  it('has every sample that Prometheus has, after a crash of the analyzer behind the Collector', async () => {
    const startSeconds = nowSeconds()
    await stack.kill('analyzer')
    await stack.startAnalyzer()
    await increaseUntil(prometheus())
    const window = nowSeconds() - startSeconds
    const count = `sum(count_over_time(http_server_request_duration_seconds_count{job=~"${SHOP}"}[${window}s]))`
    const at = nowSeconds()
    await until(
      'the same number of samples',
      async () => {
        const [expected] = await query(prometheus(), count, at)
        const [actual] = await query(analyzer(), count, at)
        if (expected?.value !== actual?.value)
          throw new Error(`${expected?.value} and ${actual?.value}`)
        return true
      },
      120,
    )
  })

  /** Waits until Prometheus has seen 30 more requests; gives its count at an instant that is over. */
  async function increaseUntil(url: string): Promise<{ value: number; atSeconds: number }> {
    const [before] = await query(url, requests(''), nowSeconds())
    await until('more requests', async () => {
      const [total] = await query(url, requests(''), nowSeconds())
      return total !== undefined && total.value > before!.value + 30 ? true : undefined
    })
    const atSeconds = nowSeconds() - 3
    const [then] = await query(url, requests(''), atSeconds)
    return { value: then!.value, atSeconds }
  }
})
