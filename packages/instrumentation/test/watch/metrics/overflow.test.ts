import { expect } from 'chai'
import { createSharedMemory } from '../../../src/shared/memory-layout.ts'
import { recordedInstrument } from '../../../src/shared/recorded-instruments.ts'
import { SeriesReader } from '../../../src/shared/series-reader.ts'
import { SeriesWriter } from '../../../src/shared/series-writer.ts'
import { tellOverflows } from '../../../src/watch/metrics/overflow.ts'

describe('an overflow of series', () => {
  const active = recordedInstrument('http.server.active_requests')

  function tell(methods: number): string[] {
    const memory = createSharedMemory()
    const writer = new SeriesWriter(memory)
    for (let method = 0; method < methods; method++) {
      const attributes = { 'http.request.method': `M${method}`, 'url.scheme': 'http' }
      writer.add(writer.intern(active, attributes), 1)
    }
    const told: string[] = []
    tellOverflows(new SeriesReader(memory), (subject, detail) => told.push(`${subject}: ${detail}`))
    return told
  }

  it('names the metric and the label that has filled it', () => {
    expect(tell(40)).to.deep.equal([
      'http.server.active_requests has too many series, the rest is counted as one: ' +
        'its http.request.method has 32 different values',
    ])
  })

  it('is not told while there is room', () => {
    expect(tell(32)).to.deep.equal([])
  })
})
