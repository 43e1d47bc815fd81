import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { eventually } from '../../../../tools/testing/eventually.ts'
import { METRIC_TABLE } from '../../src/metric-table.ts'
import { RECORDED_INSTRUMENTS } from '../../src/shared/recorded-instruments.ts'
import { findControlGroup } from '../../src/watch/probes/control-group.ts'
import { KERNEL_FILES } from '../../src/watch/probes/kernel-files.ts'
import { type OtlpMetric, readMetrics } from './otlp-json.ts'
import { OtlpReceiver } from './otlp-receiver.ts'
import { WatchedApp } from './watched-app.ts'

/** Rows that need something which this machine does not have. */
function absentHere(): RegExp[] {
  // The app of this test has no worker threads.
  const absent: RegExp[] = [/^chokepoint\.sdk\.dropped$/, /^nodejs\.worker\./]
  if (/SwapTotal: +0 kB/.test(readFileSync('/proc/meminfo', 'utf8'))) {
    absent.push(/^system\.paging\.usage$/)
  }
  const group = findControlGroup(KERNEL_FILES)
  if (group === undefined) absent.push(/^container\./)
  else if (group.version === 1) {
    if (group.cpu.length === 0) absent.push(/^container\.cpu\.(periods|throttled\..*)$/)
    absent.push(/^container\.disk\.io$/)
    if (group.cpuacct.length === 0) absent.push(/^container\.cpu\.(time|usage)$/)
  }
  // Without a limit there is nothing to tell of it.
  absent.push(/^container\.cpu\.limit$/, /^container\.memory\.(limit|available)$/)
  return absent
}

describe('metric table', () => {
  const recorded = new Set(RECORDED_INSTRUMENTS.map(({ row }) => row.name))
  const emitted = new Map<string, OtlpMetric>()

  const missing = () => {
    const absent = absentHere()
    return METRIC_TABLE.map(({ name }) => name).filter(
      (name) =>
        !recorded.has(name) && !emitted.has(name) && !absent.some((pattern) => pattern.test(name)),
    )
  }

  let receiver: OtlpReceiver
  let app: WatchedApp

  before(async () => {
    receiver = new OtlpReceiver()
    app = new WatchedApp('busy-app.mjs', await receiver.listen())
  })

  after(async () => {
    await app.end()
    receiver.close()
  })

  it('has no row of the watch thread that is not emitted', async () => {
    let read = 0
    await eventually(() => {
      for (const request of receiver.metricRequests.slice(read)) {
        for (const metric of readMetrics(request)) emitted.set(metric.name, metric)
        read++
      }
      expect(missing()).to.deep.equal([])
    })
  })

  it('has a row for each metric that the watch thread emits', () => {
    const names = new Set(METRIC_TABLE.map(({ name }) => name))
    expect(Array.from(emitted.keys()).filter((name) => !names.has(name))).to.deep.equal([])
  })

  it('states the unit, the kind and the attributes of each metric', () => {
    for (const row of METRIC_TABLE) {
      const metric = emitted.get(row.name)
      if (metric === undefined) continue
      expect(metric.unit, row.name).to.equal(row.unit)
      const kinds = { counter: 'sum', updowncounter: 'sum', gauge: 'gauge', histogram: 'histogram' }
      expect(metric.kind, row.name).to.equal(kinds[row.kind])
      expect(metric.isMonotonic, row.name).to.equal(row.kind === 'counter')
      for (const { attributes } of metric.points) {
        const unknown = Object.keys(attributes).filter((name) => !row.attributes.includes(name))
        expect(unknown, row.name).to.deep.equal([])
      }
    }
  })

  it('has points that end after they start', () => {
    for (const { name, points } of emitted.values()) {
      for (const { startMs, timeMs } of points) expect(timeMs, name).to.be.at.least(startMs)
    }
  })
})
