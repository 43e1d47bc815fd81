import { expect } from 'chai'
import { floatText } from '../../src/decode/float-text.ts'
import { toLabelName } from '../../src/decode/label-name.ts'
import { type NameKind, toMetricName } from '../../src/decode/metric-name.ts'

// biome-ignore format: a table is read by its columns
const NAMES: readonly (readonly [name: string, unit: string, kind: NameKind, expected: string])[] = [
  ['http.server.request.duration', 's',         'other',   'http_server_request_duration_seconds'],
  ['system.disk.io',               'By',        'counter', 'system_disk_io_bytes_total'],
  ['system.cpu.utilization',       '1',         'gauge',   'system_cpu_utilization_ratio'],
  ['hw.cpu.speed_limit',           '1',         'gauge',   'hw_cpu_speed_limit_ratio'],
  ['requests',                     '1',         'counter', 'requests_total'],
  ['requests.total',               '',          'counter', 'requests_total'],
  ['total.requests',               '',          'counter', 'requests_total'],
  ['http.requests',                '{request}', 'counter', 'http_requests_total'],
  ['net.speed',                    'By/s',      'gauge',   'net_speed_bytes_per_second'],
  ['disk.io.bytes',                'By',        'gauge',   'disk_io_bytes'],
  ['rate',                         '{req}/min', 'gauge',   'rate_per_min'],
  ['rate',                         '{req}/m',   'gauge',   'rate_per_minute'],
  ['temperature',                  'Cel',       'gauge',   'temperature_celsius'],
  ['used',                         '%',         'gauge',   'used_percent'],
  ['odd',                          'm²',        'gauge',   'odd_m'],
  ['__double__under',              '',          'gauge',   'double_under'],
  ['2xx',                          '',          'gauge',   '_2xx'],
  ['job:latency:p99',              '',          'gauge',   'job:latency:p99'],
  ['größe',                        '',          'gauge',   'gr_e'],
  ['...',                          '',          'gauge',   ''],
]

describe('Prometheus names of OTLP metrics', () => {
  for (const [name, unit, kind, expected] of NAMES) {
    it(`${name} in ${unit || 'no unit'}, ${kind}: ${expected || 'nothing'}`, () => {
      expect(toMetricName(name, unit, kind)).to.equal(expected)
    })
  }

  it('label names keep letters, digits and underscores', () => {
    const names = ['http.route', '__type__', '_one', '9th', 'a-b.c', '...', '___']
    expect(names.map(toLabelName)).to.deep.equal([
      'http_route',
      '__type__',
      'key_one',
      'key_9th',
      'a_b_c',
      '',
      '___',
    ])
  })

  it('bounds have no exponent', () => {
    const bounds = [0.005, 1, 2.5e-7, 1e21, 1.5e22, Infinity, -1e-7]
    expect(bounds.map(floatText)).to.deep.equal([
      '0.005',
      '1',
      '0.00000025',
      '1000000000000000000000',
      '15000000000000000000000',
      '+Inf',
      '-0.0000001',
    ])
  })
})
