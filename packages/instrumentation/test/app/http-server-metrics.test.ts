import { expect } from 'chai'
import { HttpServerMetrics } from '../../src/app/http-server-metrics.ts'
import { HistogramRecorder } from '../../src/shared/histogram-recorder.ts'
import { createSharedMemory } from '../../src/shared/memory-layout.ts'
import { recordedInstrument } from '../../src/shared/recorded-instruments.ts'
import { SeriesReader } from '../../src/shared/series-reader.ts'
import { SeriesWriter } from '../../src/shared/series-writer.ts'

describe('the numbers of an HTTP server', () => {
  it('stay bounded when an app makes up 10,000 routes, and the overflow is counted', () => {
    const writer = new SeriesWriter(createSharedMemory())
    const metrics = new HttpServerMetrics(writer, {
      timeSplit: new HistogramRecorder(writer, recordedInstrument('request.time.split')),
      childCalls: new HistogramRecorder(writer, recordedInstrument('request.child.calls')),
    })
    const method = metrics.method('GET', 'http')
    for (let number = 0; number < 10_000; number++) {
      const stats = metrics.route(method, `/made/up/${number}`)
      stats.record(5, 200, undefined)
      stats.recordOwn({ cpuMs: 1, eventloopMs: 1, otherMs: 1 })
    }
    const reader = new SeriesReader(writer.memory)
    const served = [...reader.read()].filter(
      ({ instrument }) => instrument.row.name === 'http.server.request.duration',
    )
    expect(served).to.have.length.within(1000, 1001)
    const counts = served.map((series) => (series.kind === 'histogram' ? series.count : 0))
    expect(counts.reduce((total, count) => total + count, 0)).to.equal(10_000)
    const drops = reader.readDrops().find(({ kind }) => kind === 'series')
    expect(drops?.count).to.be.at.least(9000)
  })

  it('are kept apart by scheme, status and error', () => {
    const writer = new SeriesWriter(createSharedMemory())
    const metrics = new HttpServerMetrics(writer, {
      timeSplit: new HistogramRecorder(writer, recordedInstrument('request.time.split')),
      childCalls: new HistogramRecorder(writer, recordedInstrument('request.child.calls')),
    })
    for (const scheme of ['http', 'https', 'http']) {
      metrics.route(metrics.method('GET', scheme), '/').record(1, 200, undefined)
      metrics.route(metrics.method('GET', scheme), '/').record(1, 500, '500')
    }
    const served = [...new SeriesReader(writer.memory).read()]
      .filter(({ instrument }) => instrument.row.name === 'http.server.request.duration')
      .map(({ attributes, ...series }) => [
        attributes['url.scheme'],
        attributes['error.type'],
        series.kind === 'histogram' ? series.count : 0,
      ])
    expect(served).to.have.deep.members([
      ['http', undefined, 2],
      ['http', '500', 2],
      ['https', undefined, 1],
      ['https', '500', 1],
    ])
  })
})
