import { expect } from 'chai'
import { findingOf, findingsOf } from './scenario/finding.ts'
import type { Instruments } from './scenario/instruments.ts'
import { noisy } from './scenario/random.ts'
import { world } from './scenario/world.ts'

const MIB = 1024 ** 2

interface Case {
  readonly type: string
  readonly component: string
  /** Reports a figure of `level` each second. */
  readonly report: (instruments: Instruments, level: number, wander: number) => void
  readonly silent: number
  readonly warning: number
  readonly critical?: number
}

const pool = { db_client_connection_pool_name: 'orders' }
const used = { ...pool, db_client_connection_state: 'used' }

// biome-ignore format: a table is read by its columns
const CASES: readonly Case[] = [
  { type: 'gc.pressure', component: 'garbage collector', silent: 0.05, warning: 0.15, critical: 0.4,
    report: (at, level, wander) => at.observe('v8js_gc_duration_seconds', { v8js_gc_type: 'minor' }, level * wander) },
  { type: 'cpu.saturated', component: 'main thread', silent: 0.8, warning: 0.93, critical: 0.99,
    report: (at, level) => at.set('nodejs_eventloop_utilization_ratio', {}, level) },
  { type: 'cpu.throttled', component: 'container', silent: 0.05, warning: 0.2, critical: 0.7,
    report: (at, level) => {
      at.add('container_cpu_periods_total', {}, 10)
      at.add('container_cpu_throttled_periods_total', {}, 10 * level)
    } },
  { type: 'memory.exhaustion', component: 'heap', silent: 0.7, warning: 0.9, critical: 0.97,
    report: (at, level) => at.set('nodejs_heap_floor_bytes', {}, level * 4288 * MIB) },
  { type: 'memory.exhaustion', component: 'container', silent: 0.8, warning: 0.92, critical: 0.97,
    report: (at, level) => {
      at.set('container_memory_limit_bytes', {}, 512 * MIB)
      at.set('container_memory_working_set_bytes', {}, level * 512 * MIB)
    } },
  { type: 'threadpool.saturated', component: 'libuv thread pool', silent: 0.01, warning: 0.1, critical: 0.9,
    report: (at, level, wander) => {
      at.set('nodejs_threadpool_delay_seconds', {}, level * wander)
      at.set('nodejs_eventloop_delay_p99_seconds', {}, 0.004)
    } },
  { type: 'pool.exhausted', component: 'pool orders', silent: 0.1, warning: 2, critical: 9,
    report: (at, level) => {
      at.add('db_client_connection_wait_time_seconds_sum', pool, level)
      at.set('db_client_connection_count', used, 10)
      at.set('db_client_connection_limit', pool, 10)
    } },
  { type: 'cardinality.explosion', component: 'metric attributes', silent: 0.1, warning: 5,
    report: (at, level) => at.add('chokepoint_sdk_dropped_total', { chokepoint_drop_kind: 'series' }, level) },
]

function reporting({ report }: Case, level: number, noise = 0.1) {
  const also = (instruments: Instruments, _age: number, random: () => number) =>
    report(instruments, level, noisy(random, noise))
  return world({ services: [{ name: 'api', also }], seconds: 60 })
}

for (const example of CASES) {
  const { type, component, silent, warning, critical } = example
  describe(`${type} (${component})`, () => {
    it('is silent under its threshold and a warning over it', () => {
      expect(findingsOf(reporting(example, silent), type)).to.deep.equal([])
      const found = findingOf(reporting(example, warning), type)
      expect(found).to.include({ component, severity: 'warning' })
      expect(found.resource).to.deep.equal({
        'service.name': 'api',
        'service.instance.id': 'api-1',
      })
    })

    if (critical !== undefined) {
      it('is critical where it hurts', () => {
        expect(findingOf(reporting(example, critical), type).severity).to.equal('critical')
      })
    }
  })
}

describe('threadpool.saturated', () => {
  it('is silent on a machine without a free processor, where the loop is late, too', () => {
    const also = (at: Instruments) => {
      at.set('nodejs_threadpool_delay_seconds', {}, 0.07)
      at.set('nodejs_threadpool_utilization_ratio', {}, 0.001)
      at.set('nodejs_eventloop_delay_p99_seconds', {}, 0.09)
    }
    const starved = world({ services: [{ name: 'api', also }], seconds: 60 })
    expect(findingsOf(starved, 'threadpool.saturated')).to.deep.equal([])
  })
})

describe('pool.exhausted', () => {
  it('is silent while connections are free', () => {
    const also = (at: Instruments) => {
      at.set('db_client_connection_pending_requests', pool, 2)
      at.set('db_client_connection_count', used, 3)
      at.set('db_client_connection_limit', pool, 10)
    }
    const filling = world({ services: [{ name: 'api', also }], seconds: 60 })
    expect(findingsOf(filling, 'pool.exhausted')).to.deep.equal([])
  })
})

describe('cardinality.explosion (refused by the analyzer)', () => {
  const labels = { metric: 'http_requests_total', label: 'user_id', reason: 'metric_limit' }
  const refusing = (level: number) => {
    const also = (at: Instruments) => at.add('chokepoint_store_refused_points_total', labels, level)
    return world({ services: [{ name: 'api', also }], seconds: 60 })
  }

  it('names the metric and the label, and is silent for a few points', () => {
    expect(findingsOf(refusing(0.1), 'cardinality.explosion')).to.deep.equal([])
    const found = findingOf(refusing(5), 'cardinality.explosion')
    expect(found.component).to.equal('http_requests_total, label user_id')
    expect(found.summary).to.match(
      /^label user_id of http_requests_total has values without end: \d+ points of api in 1m would have begun series over the limit of one metric and were refused$/,
    )
    expect(found.resource).to.deep.equal({ 'service.name': 'api' })
  })
})
