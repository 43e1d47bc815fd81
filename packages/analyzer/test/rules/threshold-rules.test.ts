import { expect } from 'chai'
import { METRIC_TABLE } from '../../../instrumentation/src/metric-table.ts'
import { parseConfig } from '../../src/config/load-config.ts'
import { createRuleManager } from '../../src/rules/rule-manager.ts'
import { thresholdRules } from '../../src/rules/threshold-rules.ts'
import { memoryEngine } from './engine.ts'

const SECOND = 1000
const WHERE = { job: 'shop', instance: 'web-1' }

/** The thresholds' rules over the real engine, evaluated every ten seconds. */
function watch(config = '') {
  const { thresholds } = parseConfig(config, 'test.yaml', {})
  const engine = memoryEngine()
  const steps: string[] = []
  const manager = createRuleManager({
    groups: thresholdRules(thresholds),
    query: engine.query,
    record: engine.record,
    intervalMs: 10 * SECOND,
    onTransition: ({ alert, to, at }) => {
      if (to === 'firing' || to === 'resolved') {
        steps.push(`${Date.parse(at) / SECOND} ${alert.name} ${alert.severity} ${to}`)
      }
    },
  })
  return {
    manager,
    steps,
    add: engine.add,
    /** Samples of a host whose memory is used by so much. */
    memory: (ratio: number) => (timeMs: number) => {
      const labels = { ...WHERE, system_memory_state: 'used' }
      engine.add('system_memory_utilization_ratio', labels, timeMs, ratio)
    },
    /** Adds samples and evaluates, every ten seconds from `from` up to `to`. */
    during: (from: number, to: number, add: (timeMs: number, second: number) => void) => {
      for (let second = from; second < to; second += 10) {
        add(second * SECOND, second)
        manager.evaluate(second * SECOND)
      }
      const broken = manager
        .ruleGroups()
        .flatMap(({ rules }) => rules)
        .filter(({ health }) => health === 'err')
      expect(broken.map(({ name, lastError }) => `${name}: ${lastError}`)).to.deep.equal([])
    },
  }
}

describe('threshold rules', () => {
  it('are PromQL over metrics that the instrumentation emits', () => {
    const { parse } = memoryEngine()
    const known = METRIC_TABLE.map(({ name }) => name.replaceAll('.', '_'))
    for (const { expression } of thresholdRules(parseConfig('', 't.yaml', {}).thresholds)[0]!
      .rules) {
      parse(expression)
      for (const [name] of expression.matchAll(
        /\b(?:system|process|container|http)_\w+(?=[{[])/g,
      )) {
        expect(
          known.some((each) => name.startsWith(each)),
          name,
        ).to.equal(true)
      }
    }
  })

  it('tell warning and critical apart: never both of one label set at once', () => {
    const { during, memory, steps } = watch()
    during(0, 100, memory(0.5))
    during(100, 200, memory(0.9))
    during(200, 400, memory(0.97))
    during(400, 500, memory(0.9))
    during(500, 600, memory(0.5))
    expect(steps).to.deep.equal([
      '160 HostMemoryHigh warning firing',
      '260 HostMemoryHigh critical firing',
      '260 HostMemoryHigh warning resolved',
      // The warning's level was passed for longer than its `for` all along: nobody waits for it anew.
      '400 HostMemoryHigh critical resolved',
      '400 HostMemoryHigh warning firing',
      '500 HostMemoryHigh warning resolved',
    ])
  })

  it('fire the warning at once when a critical alert that nothing came before is over', () => {
    const { during, memory, steps } = watch()
    during(0, 100, memory(0.5))
    during(100, 200, memory(0.97))
    during(200, 300, memory(0.9))
    // Critical again, but not for long enough.
    during(300, 350, memory(0.97))
    during(350, 400, memory(0.5))
    expect(steps).to.deep.equal([
      '160 HostMemoryHigh critical firing',
      '200 HostMemoryHigh critical resolved',
      '200 HostMemoryHigh warning firing',
      '350 HostMemoryHigh warning resolved',
    ])
  })

  it('stay silent below the level and for a peak that is shorter than `for`', () => {
    const { during, add, steps } = watch()
    during(0, 600, (timeMs, second) => {
      add(
        'system_filesystem_utilization_ratio',
        { ...WHERE, system_filesystem_mountpoint: '/' },
        timeMs,
        0.84,
      )
      add(
        'system_filesystem_utilization_ratio',
        { ...WHERE, system_filesystem_mountpoint: '/snap', system_filesystem_type: 'squashfs' },
        timeMs,
        1,
      )
      const busy = second % 60 < 40 ? 0.05 : 0.5
      for (const cpu of ['0', '1']) {
        add(
          'system_cpu_utilization_ratio',
          { ...WHERE, cpu_mode: 'idle', cpu_logical_number: cpu },
          timeMs,
          busy,
        )
      }
    })
    expect(steps).to.deep.equal([])
  })

  it("also read the Collector's host metrics", () => {
    const { during, add, steps } = watch(
      'thresholds: { cpu: { for: 0s }, memory: { for: 0s }, disk: { for: 0s } }',
    )
    during(0, 10, (timeMs) => {
      for (const cpu of ['cpu0', 'cpu1'])
        add('system_cpu_utilization_ratio', { ...WHERE, cpu, state: 'idle' }, timeMs, 0.01)
      add('system_memory_utilization_ratio', { ...WHERE, state: 'used' }, timeMs, 0.9)
      add(
        'system_filesystem_utilization_ratio',
        { ...WHERE, device: '/dev/sda1', mountpoint: '/', type: 'ext4', mode: 'rw' },
        timeMs,
        0.99,
      )
    })
    expect(steps).to.deep.equal([
      '0 HostCpuHigh critical firing',
      '0 HostMemoryHigh warning firing',
      '0 DiskFull critical firing',
    ])
  })

  it('compare the 95th percentile of a route, and say it in words', () => {
    const { during, add, steps, manager } = watch()
    const route = { ...WHERE, http_request_method: 'GET', http_route: '/cart' }
    during(0, 200, (timeMs, second) => {
      for (const [le, part] of [
        ['0.5', 0.9],
        ['1', 1],
        ['+Inf', 1],
      ] as const) {
        add('http_server_request_duration_seconds_bucket', { ...route, le }, timeMs, second * part)
      }
      add('http_server_request_duration_seconds_count', route, timeMs, second)
    })
    expect(steps).to.deep.equal(['80 ResponseTimeHigh warning firing'])
    expect(manager.alerts()[0]?.annotations.summary).to.equal(
      '5% of the requests to GET /cart of shop take 750ms or more',
    )
    expect(manager.alerts()[0]?.annotations.description).to.include('The warning level is 500ms')
  })

  it('count errors only on routes with traffic', () => {
    const { during, add, steps } = watch()
    during(0, 200, (timeMs, second) => {
      for (const [http_route, perSecond] of [
        ['/busy', 5],
        ['/rare', 0.01],
      ] as const) {
        const route = { ...WHERE, http_request_method: 'GET', http_route }
        add(
          'http_server_request_duration_seconds_count',
          { ...route, http_response_status_code: '200' },
          timeMs,
          second * perSecond * 0.8,
        )
        add(
          'http_server_request_duration_seconds_count',
          { ...route, http_response_status_code: '500' },
          timeMs,
          second * perSecond * 0.2,
        )
      }
    })
    expect(steps).to.deep.equal(['70 ErrorRateHigh critical firing'])
  })

  it('are absent where the config turns them off', () => {
    const off =
      'thresholds: { cpu: null, memory: null, disk: null, responseTime: null, errorRate: { warning: null } }'
    const [group] = thresholdRules(parseConfig(off, 't.yaml', {}).thresholds)
    expect(group?.rules.map(({ name, labels }) => `${name} ${labels.severity}`)).to.deep.equal([
      'ErrorRateHigh critical',
    ])
  })
})
