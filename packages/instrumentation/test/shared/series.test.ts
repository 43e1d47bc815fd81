import { expect } from 'chai'
import { HistogramRecorder } from '../../src/shared/histogram-recorder.ts'
import { createSharedMemory, viewSharedMemory } from '../../src/shared/memory-layout.ts'
import { recordedInstrument } from '../../src/shared/recorded-instruments.ts'
import { SeriesReader } from '../../src/shared/series-reader.ts'
import { SeriesWriter } from '../../src/shared/series-writer.ts'

const duration = recordedInstrument('http.server.request.duration')
const active = recordedInstrument('http.server.active_requests')

function joint() {
  const memory = createSharedMemory()
  const writer = new SeriesWriter(memory)
  const reader = new SeriesReader(viewSharedMemory(memory.buffer))
  return { writer, reader, histogram: new HistogramRecorder(writer, duration) }
}

describe('series in shared memory', () => {
  it('are read as they were recorded', () => {
    const { writer, reader, histogram } = joint()
    const word = histogram.intern({ 'http.route': '/a/:id', 'http.response.status_code': 200 })
    histogram.record(word, 0.005)
    histogram.record(word, 0.006)
    histogram.record(word, 99)
    histogram.record(word, Number.NaN)
    const gauge = writer.intern(active, { 'url.scheme': 'http' })
    writer.add(gauge, 3)
    writer.add(gauge, -1)

    const [first, second] = [...reader.read()]
    expect(first).to.deep.include({
      kind: 'histogram',
      attributes: { 'http.route': '/a/:id', 'http.response.status_code': 200 },
      count: 3,
      sum: 99.011,
      buckets: [1, 1, ...Array(12).fill(0), 1],
    })
    expect(first!.instrument.row.name).to.equal('http.server.request.duration')
    expect(second).to.deep.include({ kind: 'number', value: 2 })
  })

  it('have one place for one attribute set, whatever its order', () => {
    const { histogram } = joint()
    const one = histogram.intern({ 'http.route': '/', 'url.scheme': 'http' })
    expect(histogram.intern({ 'url.scheme': 'http', 'http.route': '/' })).to.equal(one)
    expect(histogram.intern({ 'url.scheme': 'https', 'http.route': '/' })).to.not.equal(one)
  })

  it('appear to the reader when they are new, also after an earlier read', () => {
    const { reader, histogram } = joint()
    histogram.intern({ 'http.route': '/ä' })
    expect(reader.seriesCount).to.equal(1)
    histogram.intern({ 'http.route': '/b' })
    expect([...reader.read()].map(({ attributes }) => attributes['http.route'])).to.deep.equal([
      '/ä',
      '/b',
    ])
  })

  it('beyond the limit share one overflow series, and the drops are counted', () => {
    const { reader, histogram } = joint()
    for (let route = 0; route < 10_000; route++) {
      histogram.record(histogram.intern({ 'http.route': `/${route}` }), 0.01)
    }
    const series = [...reader.read()]
    expect(series).to.have.length(1001)
    const overflow = series.find(({ attributes }) => attributes['otel.metric.overflow'] === true)
    expect(overflow).to.include({ kind: 'histogram', count: 9000 })
    expect(reader.readDrops()).to.deep.equal([{ kind: 'series', reason: 'limit', count: 9000 }])
  })

  it('are cut when a value is too long, and the cut is counted', () => {
    const { reader, histogram } = joint()
    histogram.intern({ 'http.route': 'x'.repeat(1000) })
    expect([...reader.read()][0]!.attributes['http.route']).to.have.length(255)
    expect(reader.readDrops()).to.deep.equal([{ kind: 'attribute', reason: 'length', count: 1 }])
  })
})
