import { expect } from 'chai'
import type { Environment } from '../../src/settings/environment-reader.ts'
import { readSettings } from '../../src/settings/settings.ts'

function read(environment: Environment) {
  const warnings: string[] = []
  return { settings: readSettings(environment, (line) => warnings.push(line)), warnings }
}

describe('settings', () => {
  it('has the defaults of the specification when nothing is set', () => {
    const { settings, warnings } = read({})
    expect(warnings).to.deep.equal([])
    expect(settings.enabled).to.equal(true)
    expect(settings.metrics).to.deep.equal({
      otlp: {
        url: 'http://localhost:4318/v1/metrics',
        encoding: 'protobuf',
        gzip: false,
        headers: {},
        timeoutMs: 10_000,
      },
      intervalMs: 60_000,
      timeoutMs: 30_000,
      temporality: 'cumulative',
    })
    expect(settings.prometheus).to.deep.equal({ host: 'localhost', port: 9464 })
    expect(settings.stall).to.deep.equal({ thresholdMs: 200, profile: true })
    expect(settings.traces.sampler).to.deep.equal({ kind: 'tail', ratio: 0.01 })
  })

  it('survives being cloned to the watch thread', () => {
    const { settings } = read({ OTEL_SERVICE_NAME: 'shop' })
    expect(structuredClone(settings)).to.deep.equal(settings)
  })

  it('treats an empty variable as unset', () => {
    const { settings, warnings } = read({ OTEL_SERVICE_NAME: ' ', CHOKEPOINT_STALL_MS: '' })
    expect(settings.serviceName).to.equal(undefined)
    expect(settings.stall.thresholdMs).to.equal(200)
    expect(warnings).to.deep.equal([])
  })

  it('tells a wrong value in one line and uses the default', () => {
    const { settings, warnings } = read({
      CHOKEPOINT_STALL_MS: 'soon',
      OTEL_METRIC_EXPORT_INTERVAL: '-5',
      OTEL_SDK_DISABLED: 'yes',
      OTEL_TRACES_SAMPLER: 'sometimes',
    })
    expect(settings.enabled).to.equal(true)
    expect(settings.metrics.intervalMs).to.equal(60_000)
    expect(warnings).to.deep.equal([
      'OTEL_SDK_DISABLED is wrong: expected true or false; used: false',
      'OTEL_METRIC_EXPORT_INTERVAL is wrong: expected a whole number from 50 to 2147483647; used: 60000',
      'OTEL_TRACES_SAMPLER is wrong: expected one of chokepoint_tail, always_on, always_off, ' +
        'traceidratio, parentbased_always_on, parentbased_always_off, parentbased_traceidratio; ' +
        'used: chokepoint_tail',
      'CHOKEPOINT_STALL_MS is wrong: expected a whole number from 20 to 60000; used: 200',
    ])
  })

  it('never repeats a wrong value, because it may be a secret', () => {
    const { warnings } = read({ OTEL_EXPORTER_OTLP_HEADERS: 'authorization' })
    expect(warnings[0]).to.match(/^OTEL_EXPORTER_OTLP_HEADERS is wrong/)
    expect(warnings.join()).not.to.contain('authorization')
  })

  it('appends the path of the signal to the general endpoint, and takes its own as it is', () => {
    const { settings } = read({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example/otlp/',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://traces.example:1234/x',
    })
    expect(settings.metrics.otlp?.url).to.equal('https://collector.example/otlp/v1/metrics')
    expect(settings.logs.otlp?.url).to.equal('https://collector.example/otlp/v1/logs')
    expect(settings.traces.otlp?.url).to.equal('http://traces.example:1234/x')
  })

  it('lets the variable of a signal win over the general one', () => {
    const { settings } = read({
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_HEADERS: 'X-Key=a%20b,x-both=1',
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'x-both=2',
      OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: '500',
    })
    const { metrics, traces } = settings
    expect(metrics.otlp).to.include({ encoding: 'json', gzip: true, timeoutMs: 500 })
    expect(metrics.otlp?.headers).to.deep.equal({ 'x-key': 'a b', 'x-both': '2' })
    expect(traces.otlp).to.include({ encoding: 'protobuf', timeoutMs: 10_000 })
  })

  it('says that OTLP over gRPC is not offered', () => {
    const { settings, warnings } = read({ OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: 'grpc' })
    expect(settings.metrics.otlp?.encoding).to.equal('protobuf')
    expect(warnings).to.deep.equal([
      'OTEL_EXPORTER_OTLP_METRICS_PROTOCOL is wrong: expected http/protobuf or http/json, by default ' +
        'on port 4318: OTLP/gRPC is not offered; used: http/protobuf',
    ])
  })

  it('refuses an endpoint that is no URL and a header that no request can carry', () => {
    const { settings, warnings } = read({
      OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318',
      OTEL_EXPORTER_OTLP_HEADERS: 'a=b%0Ac',
    })
    expect(settings.metrics.otlp?.url).to.equal('http://localhost:4318/v1/metrics')
    expect(settings.metrics.otlp?.headers).to.deep.equal({})
    expect(warnings).to.have.length(2)
    expect(warnings).to.include(
      'OTEL_EXPORTER_OTLP_ENDPOINT is wrong: expected a URL that starts with http:// or https://; ' +
        'used: http://localhost:4318',
    )
  })

  it('discards resource attributes with any error in them', () => {
    const good = read({ OTEL_RESOURCE_ATTRIBUTES: 'team=a%2Cb, deployment.environment.name=test' })
    expect(good.settings.resourceAttributes).to.deep.equal({
      team: 'a,b',
      'deployment.environment.name': 'test',
    })
    const bad = read({ OTEL_RESOURCE_ATTRIBUTES: 'team=a,b=%zz' })
    expect(bad.settings.resourceAttributes).to.deep.equal({})
    expect(bad.warnings).to.have.length(1)
  })

  const exporters: [string | undefined, boolean, boolean][] = [
    [undefined, true, true],
    ['otlp', true, false],
    ['prometheus', false, true],
    ['otlp,prometheus', true, true],
    ['none', false, false],
    ['console', true, false],
    ['Console,Prometheus', true, true],
    ['zipkin', true, true],
  ]
  for (const [value, otlp, prometheus] of exporters) {
    it(`with OTEL_METRICS_EXPORTER=${value} sends=${otlp} and serves=${prometheus}`, () => {
      const { settings } = read({ OTEL_METRICS_EXPORTER: value })
      expect(settings.metrics.otlp !== undefined).to.equal(otlp)
      expect(settings.prometheus !== undefined).to.equal(prometheus)
    })
  }

  const samplers: [string, string | undefined, unknown][] = [
    ['always_on', undefined, { kind: 'always_on', parentBased: false }],
    ['parentbased_always_off', undefined, { kind: 'always_off', parentBased: true }],
    ['traceidratio', '0.25', { kind: 'traceidratio', parentBased: false, ratio: 0.25 }],
    ['parentbased_traceidratio', 'x', { kind: 'traceidratio', parentBased: true, ratio: 1 }],
    ['chokepoint_tail', '0.5', { kind: 'tail', ratio: 0.5 }],
  ]
  for (const [name, argument, sampler] of samplers) {
    it(`reads the sampler ${name} with ${argument ?? 'no argument'}`, () => {
      const { settings } = read({
        OTEL_TRACES_SAMPLER: name,
        OTEL_TRACES_SAMPLER_ARG: argument,
      })
      expect(settings.traces.sampler).to.deep.equal(sampler)
    })
  }

  it('writes to the console in place of a receiver, and not to both', () => {
    const { settings } = read({ OTEL_TRACES_EXPORTER: 'console' })
    expect(settings.traces.otlp).to.include({ url: 'console:', encoding: 'json', gzip: false })
    const both = read({ OTEL_LOGS_EXPORTER: 'otlp,console' })
    expect(both.settings.logs.otlp?.url).to.equal('http://localhost:4318/v1/logs')
    expect(both.warnings).to.have.length(1)
    expect(read({ OTEL_TRACES_EXPORTER: 'prometheus' }).warnings[0]).to.match(
      /^OTEL_TRACES_EXPORTER/,
    )
  })

  const inVain: [string, string, string | undefined][] = [
    ['OTEL_CONFIG_FILE', 'otel.yaml', 'files are not read'],
    ['OTEL_EXPERIMENTAL_CONFIG_FILE', 'otel.yaml', 'files are not read'],
    ['OTEL_METRICS_EXEMPLAR_FILTER', 'trace_based', 'exemplars are not recorded'],
    ['OTEL_METRICS_EXEMPLAR_FILTER', 'always_off', undefined],
    [
      'OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION',
      'base2_exponential_bucket_histogram',
      'exponential ones are not made',
    ],
    ['OTEL_PROPAGATORS', 'b3,tracecontext', 'tracecontext, baggage or none'],
    ['OTEL_PROPAGATORS', 'none', undefined],
    ['OTEL_TRACES_SAMPLER', 'jaeger_remote', 'one of'],
    ['OTEL_NODE_RESOURCE_DETECTORS', 'aws,host', 'env, host'],
    ['OTEL_NODE_RESOURCE_DETECTORS', 'none', undefined],
    ['OTEL_LOG_LEVEL', 'loud', 'one of'],
    ['OTEL_EXPORTER_PROMETHEUS_PORT', '99999', 'a whole number'],
  ]
  for (const [name, value, told] of inVain) {
    it(`says of ${name}=${value}: ${told ?? 'nothing'}`, () => {
      const { warnings } = read({ [name]: value })
      expect(warnings.length).to.equal(told === undefined ? 0 : 1)
      if (told !== undefined) expect(warnings[0]).to.contain(name).and.to.contain(told)
    })
  }

  it('bounds spans as the variables say, the special ones over the general ones', () => {
    const { settings } = read({
      OTEL_ATTRIBUTE_COUNT_LIMIT: '10',
      OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: '20',
      OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '5',
      OTEL_SPAN_EVENT_COUNT_LIMIT: '3',
      OTEL_SPAN_LINK_COUNT_LIMIT: '2',
      OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: '4',
    })
    expect(settings.traces.limits).to.deep.equal({
      attributeCountMax: 5,
      attributeValueLengthMax: 20,
      eventCountMax: 3,
      linkCountMax: 2,
      eventAttributeCountMax: 4,
      linkAttributeCountMax: 10,
    })
  })

  it('takes the shorter of the two timeouts for spans', () => {
    expect(read({}).settings.traces.otlp?.timeoutMs).to.equal(10_000)
    expect(read({ OTEL_BSP_EXPORT_TIMEOUT: '700' }).settings.traces.otlp?.timeoutMs).to.equal(700)
  })

  it('takes a timeout of 0 for one that never ends', () => {
    const { settings, warnings } = read({
      OTEL_EXPORTER_OTLP_TIMEOUT: '0',
      OTEL_BSP_EXPORT_TIMEOUT: '0',
      OTEL_METRIC_EXPORT_TIMEOUT: '0',
    })
    expect(settings.logs.otlp?.timeoutMs).to.equal(2 ** 31 - 1)
    expect(settings.traces.otlp?.timeoutMs).to.equal(2 ** 31 - 1)
    // Reports do not overlap all the same.
    expect(settings.metrics.timeoutMs).to.equal(60_000)
    expect(warnings).to.deep.equal([])
  })

  it('never makes a batch that the queue has no room for', () => {
    const { settings } = read({ OTEL_BSP_MAX_QUEUE_SIZE: '100' })
    expect(settings.traces).to.include({ queueSpansMax: 100, batchSpansMax: 100 })
  })

  it('takes any whole number that the specification does', () => {
    const names = [
      'OTEL_BSP_SCHEDULE_DELAY',
      'OTEL_BSP_MAX_QUEUE_SIZE',
      'OTEL_BSP_MAX_EXPORT_BATCH_SIZE',
      'OTEL_METRIC_EXPORT_INTERVAL',
      'OTEL_ATTRIBUTE_COUNT_LIMIT',
      'OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT',
      'OTEL_SPAN_EVENT_COUNT_LIMIT',
    ]
    const environment = Object.fromEntries(names.map((name) => [name, String(2 ** 31 - 1)]))
    expect(read(environment).warnings).to.deep.equal([])
  })

  it('never lets the export timeout be longer than the interval', () => {
    const { settings } = read({ OTEL_METRIC_EXPORT_INTERVAL: '100' })
    expect(settings.metrics).to.include({ intervalMs: 100, timeoutMs: 100 })
  })
})
