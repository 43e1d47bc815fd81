import type { AnalyzerView, Labels } from '@chokepoint/analyzer'
import { expect } from 'chai'
import { examine } from '../../src/doctor/examine.ts'

type Answers = Readonly<Record<string, readonly { labels: Labels; value: number }[]>>

/** A view that knows the answers to some queries; all others are empty. */
const viewOf = (answers: Answers) =>
  ({
    now: () => 0,
    query: (expression: string) => answers[expression] ?? [],
  }) as unknown as AnalyzerView

const MINE = 'job="shop",instance="1"'
const ONE = { labels: {}, value: 1 }

const healthy: Answers = {
  target_info: [
    {
      labels: {
        job: 'shop',
        instance: '1',
        process_command: '/app.js',
        process_runtime_version: '24.0.0',
      },
      value: 1,
    },
  ],
  [`count({${MINE}})`]: [{ labels: {}, value: 42 }],
  [`http_server_request_duration_seconds_count{${MINE}}`]: [ONE],
  [`nodejs_eventloop_utilization_ratio{${MINE}}`]: [ONE],
  [`chokepoint_sdk_cpu_time_seconds_total{${MINE}}`]: [{ labels: {}, value: 0.4 }],
  [`chokepoint_sdk_app_time_seconds_total{${MINE}}`]: [{ labels: {}, value: 0.01 }],
  [`chokepoint_sdk_memory_usage_bytes{${MINE}}`]: [{ labels: {}, value: 5_000_000 }],
}

describe('examine', () => {
  it('tells what is watched of each process, and has no advice where all is well', () => {
    const { processes, advice } = examine(viewOf(healthy), {})
    expect(processes).to.deep.equal([
      {
        service: 'shop',
        instance: '1',
        command: '/app.js',
        runtime: '24.0.0',
        series: 42,
        watched: ['HTTP requests in', 'event loop'],
        libraries: [],
        dropped: [],
        failedExports: 0,
        cost: { watchSeconds: 0.4, appSeconds: 0.01, bytes: 5_000_000 },
      },
    ])
    expect(advice).to.deep.equal([])
  })

  it('says why nothing may have come', () => {
    const { advice } = examine(viewOf({}), { OTEL_SDK_DISABLED: 'true' })
    expect(advice[0]).to.equal('OTEL_SDK_DISABLED=true switches the preload off: unset it')
    expect(advice[1]).to.match(/^no process reported: the preload reaches Node.js 22.15 and newer/)
  })

  it('tells what was dropped and how often sending failed', () => {
    const labels = { chokepoint_drop_kind: 'series', chokepoint_drop_reason: 'limit' }
    const { processes, advice } = examine(
      viewOf({
        ...healthy,
        [`chokepoint_sdk_dropped_total{${MINE}} > 0`]: [{ labels, value: 7 }],
        [`sum(chokepoint_sdk_export_duration_seconds_count{${MINE},error_type!=""})`]: [
          { labels: {}, value: 2 },
        ],
      }),
      {},
    )
    expect(processes[0]).to.deep.include({
      dropped: [{ what: 'series: limit', count: 7 }],
      failedExports: 2,
    })
    expect(advice.join('\n'))
      .to.contain('dropped 7 of series: limit')
      .and.to.contain('2 exports failed')
  })

  it('lists the libraries, and says which version nobody knows', () => {
    const label = (name: string, state: string) => ({
      labels: {
        chokepoint_library_name: name,
        chokepoint_library_version: '1.2.3',
        chokepoint_library_observer: '@opentelemetry/instrumentation-koa',
        chokepoint_library_state: state,
      },
      value: 1,
    })
    const { processes, advice } = examine(
      viewOf({
        ...healthy,
        [`chokepoint_sdk_library{${MINE}}`]: [
          label('koa', 'version not supported'),
          label('@koa/router', 'observed'),
        ],
      }),
      {},
    )
    expect(processes[0]?.libraries.map(({ name, state }) => `${name}: ${state}`)).to.deep.equal([
      '@koa/router: observed',
      'koa: version not supported',
    ])
    expect(advice).to.deep.equal([
      'shop (/app.js): koa 1.2.3 is not observed: @opentelemetry/instrumentation-koa does not know this version',
    ])
  })

  it('warns of a second agent', () => {
    const { advice } = examine(viewOf(healthy), { NODE_OPTIONS: '--require dd-trace/init' })
    expect(advice).to.deep.equal([
      'NODE_OPTIONS loads another agent (dd-trace): both would measure and patch; leave one out',
    ])
  })
})
