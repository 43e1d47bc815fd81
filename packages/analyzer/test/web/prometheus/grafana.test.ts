import { MemorySource } from '@chokepoint/promql'
import { expect } from 'chai'
import { enginePort } from '../engine-port.ts'
import { type Running, startWeb } from '../web-fixture.ts'

const NOW_S = 1_700_000_000

/**
 * The calls that Grafana's Prometheus data source makes: its health check, its guess of what the server
 * can do, the query builder's lists, a panel, a variable, an annotation, and the alert list.
 */
const CALLS: readonly (readonly [
  what: string,
  method: 'GET' | 'POST',
  call: string,
  holds: string,
])[] = [
  ['health check', 'POST', 'query?query=1%2B1&time=4', '"result":[4,"2"]'],
  ['what the server can do', 'GET', 'status/buildinfo', '"version":"3.'],
  ['what the server can do', 'GET', 'rules', '"groups":[]'],
  [
    'metric list',
    'GET',
    `label/__name__/values?start=${NOW_S - 3600}&end=${NOW_S}&limit=40000`,
    '"data":["http_requests_total"]',
  ],
  ['metric help', 'GET', 'metadata?limit=40000', '"data":{}'],
  [
    'label names',
    'POST',
    `labels?match[]=http_requests_total&start=${NOW_S - 3600}&end=${NOW_S}`,
    '"data":["__name__","code","job"]',
  ],
  [
    'label values',
    'GET',
    `label/job/values?match[]=http_requests_total{code="200"}&start=${NOW_S - 3600}&end=${NOW_S}`,
    '"data":["shop"]',
  ],
  [
    'series',
    'POST',
    `series?match[]=http_requests_total&start=${NOW_S - 3600}&end=${NOW_S}&limit=1`,
    '"warnings":["results truncated due to limit"]',
  ],
  [
    'panel',
    'POST',
    `query_range?query=sum(rate(http_requests_total[1m0s]))&start=${NOW_S - 300}.123&end=${NOW_S}&step=15`,
    '"resultType":"matrix"',
  ],
  [
    'panel, instant',
    'POST',
    `query?query=topk(1, http_requests_total)&time=${NOW_S}`,
    '"resultType":"vector"',
  ],
  [
    'exemplars',
    'POST',
    `query_exemplars?query=http_requests_total&start=${NOW_S - 300}&end=${NOW_S}`,
    '"data":[]',
  ],
  ['alert list', 'GET', 'alerts', '"alerts":['],
  ['query hint', 'GET', 'format_query?query=sum(up)', '"data":"sum(up)"'],
]

describe("Grafana's Prometheus data source", () => {
  let running: Running

  before(async () => {
    const source = new MemorySource()
    for (let at = NOW_S - 600; at <= NOW_S; at += 15) {
      for (const code of ['200', '500']) {
        source.add({ __name__: 'http_requests_total', job: 'shop', code }, at * 1000, at % 10_000)
      }
    }
    const port = enginePort(source, NOW_S * 1000)
    running = await startWeb({ prometheus: () => port })
  })
  after(() => running.server.close())

  for (const [what, method, call, holds] of CALLS) {
    it(`finds its ${what} at ${method} ${call.split('?')[0]}`, async () => {
      const [path, query = ''] = call.split('?')
      const url = `${running.url}/api/v1/${path}`
      // Grafana posts forms; URLSearchParams sets their content type.
      const response =
        method === 'GET'
          ? await fetch(`${url}?${query}`)
          : await fetch(url, { method, body: new URLSearchParams(query) })
      expect(response.status).to.equal(200)
      const text = await response.text()
      expect(text).to.match(/^\{"status":"success"/)
      expect(text).to.contain(holds)
    })
  }
})
