import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DASHBOARDS, RULE_PACKS } from '@chokepoint/dashboards'
import { expect } from 'chai'
import { Webhook } from 'standardwebhooks'
import { differences } from '../compare.ts'
import { LocalStack } from '../local-stack.ts'
import { until } from '../processes.ts'
import { getPrograms, type Programs } from '../programs.ts'
import { query } from '../prometheus-api.ts'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr'
const SHOP = 'storefront|catalog|payment'

/** A dashboard's or rule's expression over what came by OTLP, as Grafana would expand it. */
function expand(expression: string): string {
  return expression
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$job', SHOP)
    .replaceAll('$instance', '.*')
}

describe('the stack of real programs', function () {
  this.timeout(240_000)
  let stack: LocalStack
  let receiver: Server
  const events: { type: string; data: { type?: string; severity?: string } }[] = []

  before(async function () {
    const { programs, missing } = getPrograms((line) => console.log(line))
    // `npm run test:stack` has refused already unless it was told to go on.
    if (missing.length > 0) this.skip()
    receiver = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const headers = request.headers as Record<string, string>
      events.push(
        new Webhook(SECRET.slice('whsec_'.length)).verify(body, headers) as (typeof events)[0],
      )
      response.end()
    }).listen(0, '127.0.0.1')
    await once(receiver, 'listening')
    const { port } = receiver.address() as AddressInfo
    stack = new LocalStack(programs as Programs)
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
  const nowSeconds = () => Math.floor(Date.now() / 1000)
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
    const { programs } = getPrograms(() => {})
    for (const address of ['storefront:9464', 'catalog:9464', 'payment:9464'] as const) {
      const input = await (await fetch(`${stack.url(address)}/metrics`)).text()
      const { stderr, error } = spawnSync(programs.promtool!, ['check', 'metrics'], {
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

  it('gives every panel its data, the same from Prometheus and from the analyzer', async () => {
    // Old enough that every path has brought it, and that rates have a minute behind them.
    await until(
      'a minute of data',
      async () => {
        const [age] = await query(
          analyzer(),
          `count_over_time(${requests('')}[70s:1s])`,
          nowSeconds(),
        )
        return age !== undefined && age.value >= 68 ? true : undefined
      },
      120,
    )
    const at = nowSeconds() - 8
    const problems: string[] = []
    for (const { title, rows } of DASHBOARDS) {
      for (const panel of rows.flatMap((row) => row.panels)) {
        for (const { expr } of panel.queries) {
          const where = `${title}: ${panel.title}`
          const expected = await query(prometheus(), expand(expr), at)
          const actual = await query(analyzer(), expand(expr), at)
          if (expected.length === 0 && panel.emptyUnless === undefined)
            problems.push(`${where} is empty`)
          if (panel.ofEach === true) continue
          for (const line of differences(expected, actual)) problems.push(`${where}: ${line}`)
        }
      }
    }
    expect(problems.join('\n')).to.equal('')
  })

  it('gives every rule the same answer in Prometheus and in the analyzer', async () => {
    const at = nowSeconds() - 8
    const problems: string[] = []
    for (const { alert, expr } of RULE_PACKS.flatMap(({ alerts }) => alerts)) {
      const expected = await query(prometheus(), expr, at)
      const actual = await query(analyzer(), expr, at)
      const shop = expected.filter(({ labels }) => labels.job !== 'shop')
      for (const line of differences(shop, actual)) problems.push(`${alert}: ${line}`)
    }
    expect(problems.join('\n')).to.equal('')
  })

  it('diagnoses a host and a service in another language by the agent’s Collector', async () => {
    stack.startAgent()
    await until('host metrics', async () => {
      const found = await query(
        analyzer(),
        'system_memory_usage_bytes{host_name!="", job=""}',
        nowSeconds(),
      )
      return found.length > 0 || undefined
    })
    // What any OpenTelemetry SDK sends of one server request; the connector makes a histogram of such spans.
    await until('metrics from spans', async () => {
      const now = Date.now()
      const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } })
      const span = {
        traceId: now.toString(16).padStart(32, '1'),
        spanId: now.toString(16).padStart(16, '2').slice(-16),
        name: 'GET /orders',
        kind: 2,
        startTimeUnixNano: `${now - 80}000000`,
        endTimeUnixNano: `${now}000000`,
        attributes: [attribute('http.request.method', 'GET'), attribute('http.route', '/orders')],
      }
      const resource = { attributes: [attribute('service.name', 'orders-in-go')] }
      const body = JSON.stringify({
        resourceSpans: [{ resource, scopeSpans: [{ spans: [span] }] }],
      })
      const headers = { 'content-type': 'application/json' }
      await fetch(`${stack.url('agent:4318')}/v1/traces`, { method: 'POST', headers, body })
      const calls =
        'traces_span_metrics_calls_total{service_name="orders-in-go", http_route="/orders"}'
      const found = await query(analyzer(), calls, nowSeconds())
      return found.length > 0 || undefined
    })
    await stack.stop('agent')
  })

  it('turns a fault into an alert in Alertmanager and into a recommendation by webhook', async () => {
    await until(
      'the alert in Alertmanager',
      async () => {
        const response = await fetch(`${stack.url('alertmanager:9093')}/api/v2/alerts`)
        const alerts = (await response.json()) as { labels: Record<string, string> }[]
        return alerts.some(({ labels }) => /Error/.test(labels.alertname ?? '')) || undefined
      },
      240,
    )
    await until(
      'the recommendation',
      async () => {
        const found = events.filter(({ type }) => type === 'recommendation.opened')
        return found.some(({ data }) => data.type === 'db.n_plus_one') || undefined
      },
      120,
    )
  })

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
