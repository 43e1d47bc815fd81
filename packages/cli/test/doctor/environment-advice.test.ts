import { expect } from 'chai'
import { environmentAdvice } from '../../src/doctor/environment-advice.ts'

describe('advice on the environment', () => {
  const pitfalls: [string, string, RegExp][] = [
    ['OTEL_SDK_DISABLED', 'TRUE', /switches the preload off/],
    [
      'OTEL_EXPORTER_OTLP_TRACES_PROTOCOL',
      'grpc',
      /^OTEL_EXPORTER_OTLP_TRACES_PROTOCOL=grpc is not/,
    ],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'http://collector:4317', /HTTP is on 4318/],
    ['OTEL_METRICS_EXPORTER', 'none', /in service none would arrive/],
    ['OTEL_TRACES_SAMPLER', 'always_off', /keeps no span/],
    ['OTEL_NODE_ENABLED_INSTRUMENTATIONS', 'pg, express', /no request is measured/],
    ['OTEL_NODE_DISABLED_INSTRUMENTATIONS', 'pg,http', /no request is measured/],
    ['OTEL_CONFIG_FILE', 'otel.yaml', /is not read/],
    ['NODE_OPTIONS', '--import @sentry/node', /another agent \(@sentry\)/],
  ]
  for (const [name, value, told] of pitfalls) {
    it(`tells of ${name}=${value}`, () => {
      const advice = environmentAdvice({ [name]: value })
      expect(advice).to.have.length(1)
      expect(advice[0]).to.match(told)
    })
  }

  it('has nothing against usual settings', () => {
    const usual = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_METRICS_EXPORTER: 'Prometheus',
      OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'http,pg',
      OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'fs',
      OTEL_TRACES_SAMPLER: '',
      NODE_OPTIONS: '--max-old-space-size=512',
    }
    expect(environmentAdvice(usual)).to.deep.equal([])
  })
})
