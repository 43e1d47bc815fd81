import { expect } from 'chai'
import { childEnvironment } from '../../src/run/child-environment.ts'

const environmentOf = (inherited: Record<string, string>) =>
  childEnvironment({
    inherited,
    registerUrl: 'file:///a%20b/register.js',
    otlpUrl: 'http://127.0.0.1:4318',
  })

describe('childEnvironment', () => {
  it('loads the preload before whatever NODE_OPTIONS had', () => {
    expect(environmentOf({ NODE_OPTIONS: '--max-old-space-size=100' }).NODE_OPTIONS).to.equal(
      '--import file:///a%20b/register.js --max-old-space-size=100',
    )
  })

  it('sends metrics to the analyzer each second, and nothing else anywhere', () => {
    expect(environmentOf({ PATH: '/bin' })).to.deep.equal({
      PATH: '/bin',
      NODE_OPTIONS: '--import file:///a%20b/register.js',
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://127.0.0.1:4318/v1/metrics',
      OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'http/protobuf',
      OTEL_METRIC_EXPORT_INTERVAL: '1000',
      OTEL_METRICS_EXPORTER: 'otlp',
      OTEL_TRACES_EXPORTER: 'none',
      OTEL_LOGS_EXPORTER: 'none',
    })
  })

  it('leaves traces and logs alone when the user has a place for them', () => {
    const environment = environmentOf({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector:4318/v1/traces',
      OTEL_LOGS_EXPORTER: 'otlp',
    })
    expect(environment).not.to.have.property('OTEL_TRACES_EXPORTER')
    expect(environment.OTEL_LOGS_EXPORTER).to.equal('otlp')
  })

  it('serves /metrics only when it is asked for, because the processes of a tree share one port', () => {
    expect(environmentOf({ OTEL_EXPORTER_PROMETHEUS_PORT: '9464' }).OTEL_METRICS_EXPORTER).to.equal(
      'otlp,prometheus',
    )
    expect(environmentOf({ OTEL_METRICS_EXPORTER: 'prometheus' }).OTEL_METRICS_EXPORTER).to.equal(
      'otlp,prometheus',
    )
  })
})
