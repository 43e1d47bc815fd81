import { spawnSync } from 'node:child_process'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { MetricData, ResourceMetrics } from '@opentelemetry/sdk-metrics'
import { expect } from 'chai'
import fc from 'fast-check'
import parsePrometheusTextFormat from 'parse-prometheus-text-format'
import { MetricBatch } from '../../../src/watch/metrics/metric-batch.ts'
import { toPrometheusText } from '../../../src/watch/prometheus/text-format.ts'

const SCOPE = 'ours'

function resourceMetrics(metrics: MetricData[], scope = SCOPE): ResourceMetrics {
  return {
    resource: resourceFromAttributes({ 'service.name': 'shop', 'service.instance.id': '7' }),
    scopeMetrics: [{ scope: { name: scope, version: '1' }, metrics }],
  }
}

function someMetrics(): MetricData[] {
  const batch = new MetricBatch(0, 1)
  batch.add('system.network.io', 5, { 'network.interface.name': 'eth0' })
  batch.add('nodejs.eventloop.utilization', 0.25)
  batch.add('system.memory.usage', 1e12, { 'system.memory.state': 'used' })
  batch.addHistogram(
    'http.server.request.duration',
    { buckets: { boundaries: [0.5, 1], counts: [3, 2, 1] }, sum: 4.5, count: 6 },
    { 'http.route': '/a"b\\c\nd' },
  )
  return batch.toMetrics()
}

describe('Prometheus text', () => {
  it('is what the text format 0.0.4 says', () => {
    const text = toPrometheusText(resourceMetrics(someMetrics()), 'text', SCOPE)
    expect(text).to.equal(
      [
        '# HELP target_info Who reports',
        '# TYPE target_info gauge',
        'target_info{service_name="shop",service_instance_id="7"} 1',
        '# HELP system_network_io_bytes_total Bytes received and sent',
        '# TYPE system_network_io_bytes_total counter',
        'system_network_io_bytes_total{network_interface_name="eth0"} 5',
        '# HELP nodejs_eventloop_utilization_ratio Part of the time that the event loop was active',
        '# TYPE nodejs_eventloop_utilization_ratio gauge',
        'nodejs_eventloop_utilization_ratio 0.25',
        '# HELP system_memory_usage_bytes Memory of the host, by state used, free, cached, buffers',
        '# TYPE system_memory_usage_bytes gauge',
        'system_memory_usage_bytes{system_memory_state="used"} 1000000000000',
        '# HELP http_server_request_duration_seconds Duration of HTTP server requests',
        '# TYPE http_server_request_duration_seconds histogram',
        'http_server_request_duration_seconds_bucket{http_route="/a\\"b\\\\c\\nd",le="0.5"} 3',
        'http_server_request_duration_seconds_bucket{http_route="/a\\"b\\\\c\\nd",le="1"} 5',
        'http_server_request_duration_seconds_bucket{http_route="/a\\"b\\\\c\\nd",le="+Inf"} 6',
        'http_server_request_duration_seconds_sum{http_route="/a\\"b\\\\c\\nd"} 4.5',
        'http_server_request_duration_seconds_count{http_route="/a\\"b\\\\c\\nd"} 6',
        '',
      ].join('\n'),
    )
  })

  it('is what OpenMetrics 1.0.0 says', () => {
    const text = toPrometheusText(resourceMetrics(someMetrics()), 'openmetrics', SCOPE)
    expect(text).to.contain('# TYPE target info\n')
    expect(text).to.contain(
      '# TYPE system_network_io_bytes counter\n# UNIT system_network_io_bytes bytes\n' +
        '# HELP system_network_io_bytes Bytes received and sent\nsystem_network_io_bytes_total{',
    )
    expect(text).to.contain('le="1.0"} 5\n')
    expect(text.endsWith('\n# EOF\n')).to.equal(true)
  })

  it('passes promtool', function () {
    const text = toPrometheusText(resourceMetrics(someMetrics()), 'text', SCOPE)
    const { error, status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], {
      input: text,
    })
    if (error !== undefined) this.skip()
    expect({ status, output: `${stdout}${stderr}` }).to.deep.equal({ status: 0, output: '' })
  })

  it('carries the scope of metrics that are not ours', () => {
    const text = toPrometheusText(resourceMetrics(someMetrics(), 'app'), 'text', SCOPE)
    expect(text).to.contain(
      'nodejs_eventloop_utilization_ratio{otel_scope_name="app",otel_scope_version="1"} 0.25\n',
    )
  })

  it('keeps the first of two series or families that would be one', () => {
    const twice = [...someMetrics(), ...someMetrics()]
    const once = toPrometheusText(resourceMetrics(someMetrics()), 'text', SCOPE)
    expect(toPrometheusText(resourceMetrics(twice), 'text', SCOPE)).to.equal(once)
  })

  it('joins the values of attributes whose names become one label', () => {
    const batch = new MetricBatch(0, 1)
    batch.add('system.network.io', 5, { 'a.b': 'x', a_b: 'y' })
    const text = toPrometheusText(resourceMetrics(batch.toMetrics()), 'text', SCOPE)
    expect(text).to.contain('{a_b="x;y"} 5\n')
  })

  it('can be parsed whatever stands in the attributes', () => {
    const attribute = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }))
    fc.assert(
      fc.property(attribute, fc.double(), (value, number) => {
        const batch = new MetricBatch(0, 1)
        batch.add('nodejs.eventloop.utilization', number, { route: value })
        const text = toPrometheusText(resourceMetrics(batch.toMetrics()), 'text', SCOPE)
        const families = parsePrometheusTextFormat(text)
        const family = families.find(({ name }) => name === 'nodejs_eventloop_utilization_ratio')
        if (Number.isNaN(number)) return family === undefined
        expect(family!.metrics[0]!.labels).to.deep.equal({ route: value.toWellFormed() })
        return Number(family!.metrics[0]!.value!.replace('Inf', 'Infinity')) === number
      }),
      { numRuns: 300 },
    )
  })
})
