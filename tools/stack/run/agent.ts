import { expect } from 'chai'
import { until } from '../../testing/until.ts'
import { differences } from '../compare.ts'
import { query } from '../prometheus-api.ts'
import { nowSeconds, type RunningStack } from '../running-stack.ts'

const SERVICE = 'orders-in-go'
const SPANS_EVERY_MS = 250
/** What the dashboards and rules read of a host. */
const NAMES_OF_TODAY = [
  ['system_cpu_utilization_ratio', 'cpu_mode'],
  ['system_memory_utilization_ratio', 'system_memory_state'],
  ['system_filesystem_utilization_ratio', 'system_filesystem_mountpoint'],
  ['system_disk_io_time_seconds_total', 'system_device'],
  ['system_network_packet_dropped_total', 'network_io_direction'],
  ['system_linux_load_ratio', 'system_load_window'],
] as const

/** What an agent's Collector makes of a host, and of the spans of services in other languages. */
export function describeAgent({ stack, prometheus, analyzer }: RunningStack): void {
  let spans: NodeJS.Timeout

  before(async () => {
    await stack().startAgent()
    spans = setInterval(() => void sendRequest(), SPANS_EVERY_MS)
  })

  after(async () => {
    clearInterval(spans)
    await stack().stop('agent')
  })

  it('gives a host’s metrics by the names of today, the same in Prometheus and in the analyzer', async () => {
    const hosts = '{__name__=~"system_.+", job="", host_name!=""}'
    const found = await until('host metrics in both', async () => {
      const at = nowSeconds() - 5
      const expected = await query(prometheus(), hosts, at)
      const problems = differences(expected, await query(analyzer(), hosts, at))
      for (const [name, label] of NAMES_OF_TODAY) {
        const known = expected.some(
          ({ labels }) => labels.__name__ === name && labels[label] !== undefined,
        )
        if (!known) problems.push(`no ${name} by ${label}`)
      }
      if (problems.length > 0) throw new Error(problems.join('\n'))
      return expected
    })
    expect(found.filter(({ labels }) => labels.state !== undefined)).to.deep.equal([])
  })

  it('diagnoses a service in another language by its spans alone', async () => {
    const ofRoute = `http_server_request_duration_seconds_count{job="${SERVICE}", http_route="/orders"}`
    for (const url of [prometheus(), analyzer()]) {
      await until(`requests of ${SERVICE}`, async () => {
        const found = await query(url, ofRoute, nowSeconds())
        return found.length === 1 || undefined
      })
    }
    await until(
      'its slow database to be named',
      async () => {
        const response = await fetch(`${analyzer()}/api/v1/bottlenecks`)
        const { data } = (await response.json()) as {
          data: { type: string; component: string; resource: Record<string, string> }[]
        }
        return (
          data.some(
            ({ type, resource, component }) =>
              type === 'dependency.slow' &&
              resource['service.name'] === SERVICE &&
              component.includes('postgresql'),
          ) || undefined
        )
      },
      120,
    )
  })

  /** What any OpenTelemetry SDK sends of one request that waits for its database most of the time. */
  async function sendRequest(): Promise<void> {
    const now = Date.now()
    const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } })
    const traceId = now.toString(16).padStart(32, '1')
    const spanId = (place: string) => now.toString(16).padStart(16, place).slice(-16)
    const time = (startMs: number, endMs: number) => ({
      startTimeUnixNano: `${startMs}000000`,
      endTimeUnixNano: `${endMs}000000`,
    })
    const server = {
      ...{ traceId, spanId: spanId('2'), name: 'GET /orders', kind: 2 },
      ...time(now - 420, now),
      attributes: [
        attribute('http.request.method', 'GET'),
        attribute('http.route', '/orders'),
        { key: 'http.response.status_code', value: { intValue: '200' } },
      ],
    }
    const client = {
      ...{
        traceId,
        spanId: spanId('3'),
        parentSpanId: spanId('2'),
        name: 'SELECT orders',
        kind: 3,
      },
      ...time(now - 410, now - 10),
      attributes: [
        attribute('db.system.name', 'postgresql'),
        attribute('db.operation.name', 'SELECT'),
        attribute('db.collection.name', 'orders'),
        attribute('server.address', 'orders-db'),
      ],
    }
    const resource = {
      attributes: [attribute('service.name', SERVICE), attribute('service.instance.id', 'go-1')],
    }
    const body = JSON.stringify({
      resourceSpans: [{ resource, scopeSpans: [{ spans: [server, client] }] }],
    })
    const headers = { 'content-type': 'application/json' }
    // One that is lost at the start or the end of the agent is no fault of what is tested.
    await fetch(`${stack().url('agent:4318')}/v1/traces`, { method: 'POST', headers, body }).catch(
      () => undefined,
    )
  }
}
