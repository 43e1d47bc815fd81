import { ValueType } from '@opentelemetry/api'
import { AggregationTemporality, DataPointType, type MetricData } from '@opentelemetry/sdk-metrics'
import { expect } from 'chai'
import { prometheusLabel, prometheusName } from '../../../src/watch/prometheus/metric-name.ts'

function metric(name: string, unit: string, kind: 'counter' | 'gauge' | 'histogram'): MetricData {
  const base = {
    descriptor: { name, unit, description: '', valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
    dataPoints: [],
  }
  if (kind === 'counter') return { ...base, dataPointType: DataPointType.SUM, isMonotonic: true }
  if (kind === 'gauge') return { ...base, dataPointType: DataPointType.GAUGE }
  return { ...base, dataPointType: DataPointType.HISTOGRAM }
}

describe('Prometheus names', () => {
  const cases: [string, string, 'counter' | 'gauge' | 'histogram', string][] = [
    ['http.server.request.duration', 's', 'histogram', 'http_server_request_duration_seconds'],
    ['system.network.io', 'By', 'counter', 'system_network_io_bytes_total'],
    ['process.context_switches', '{context_switch}', 'counter', 'process_context_switches_total'],
    ['nodejs.eventloop.utilization', '1', 'gauge', 'nodejs_eventloop_utilization_ratio'],
    ['disk.ratio.used', '1', 'gauge', 'disk_used_ratio'],
    ['requests.total', '1', 'counter', 'requests_total'],
    ['total.requests', '', 'counter', 'requests_total'],
    ['wait_seconds', 's', 'gauge', 'wait_seconds'],
    ['speed', 'm/s', 'gauge', 'speed_meters_per_second'],
    ['calls', '{call}/s', 'gauge', 'calls_per_second'],
    ['a..b--c', '', 'gauge', 'a_b_c'],
    ['2xx', '', 'counter', '_2xx_total'],
  ]
  for (const [name, unit, kind, expected] of cases) {
    it(`translate the ${kind} ${name} in ${unit || 'no unit'} to ${expected}`, () => {
      expect(prometheusName(metric(name, unit, kind)).name).to.equal(expected)
    })
  }

  it('are the labels of attributes', () => {
    expect(prometheusLabel('http.route')).to.equal('http_route')
    expect(prometheusLabel('1st')).to.equal('key_1st')
    expect(prometheusLabel('_hidden')).to.equal('key_hidden')
    expect(prometheusLabel('größe')).to.equal('gr_e')
  })
})
