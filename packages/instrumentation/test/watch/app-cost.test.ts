import { expect } from 'chai'
import { HistogramRecorder } from '../../src/shared/histogram-recorder.ts'
import { createSharedMemory } from '../../src/shared/memory-layout.ts'
import { recordedInstrument } from '../../src/shared/recorded-instruments.ts'
import { SeriesReader } from '../../src/shared/series-reader.ts'
import { SeriesWriter } from '../../src/shared/series-writer.ts'
import { AppCost, recordCalibration } from '../../src/watch/app-cost.ts'

const RECORD_SECONDS = 20e-9

describe('cost in the app thread', () => {
  function memoryWith(records: number) {
    const writer = new SeriesWriter(createSharedMemory())
    const recorder = new HistogramRecorder(writer, recordedInstrument('request.time.split'))
    const record = (count: number) => {
      const slot = recorder.intern({ 'http.route': '/orders' })
      for (let index = 0; index < count; index++) recorder.record(slot, index / 1000)
    }
    record(records)
    return { reader: new SeriesReader(writer.memory), record }
  }

  it('grows with what the threads have recorded, each counted once', () => {
    const cost = new AppCost(() => RECORD_SECONDS)
    const main = memoryWith(1000)
    const worker = memoryWith(500)
    cost.look([main.reader, worker.reader])
    expect(cost.seconds).to.be.closeTo(1500 * 60 * RECORD_SECONDS, 1e-12)
    cost.look([main.reader, worker.reader])
    expect(cost.seconds, 'nothing is new').to.be.closeTo(1500 * 60 * RECORD_SECONDS, 1e-12)
    main.record(1)
    cost.look([main.reader])
    expect(cost.seconds, 'a thread that is gone takes nothing back').to.be.closeTo(
      1501 * 60 * RECORD_SECONDS,
      1e-12,
    )
  })

  it('counts spans and profiles', () => {
    const cost = new AppCost(() => RECORD_SECONDS)
    cost.addSpans(10)
    cost.addProfile()
    expect(cost.seconds).to.be.closeTo(10 * 600 * RECORD_SECONDS + 0.02, 1e-12)
  })

  it('is not calibrated before something is recorded, then ten times, and the best counts', () => {
    let calibrations = 0
    const cost = new AppCost(() => {
      calibrations++
      return calibrations === 2 ? RECORD_SECONDS : 15 * RECORD_SECONDS
    })
    const { reader, record } = memoryWith(0)
    cost.look([reader])
    expect(calibrations).to.equal(0)
    const added = Array.from({ length: 20 }, () => {
      const before = cost.seconds
      record(1000)
      cost.look([reader])
      return (cost.seconds - before) / (1000 * 60 * RECORD_SECONDS)
    })
    expect(calibrations).to.equal(10)
    expect(added[0]).to.be.closeTo(15, 1e-6)
    for (const times of added.slice(1)) expect(times).to.be.closeTo(1, 1e-6)
  })

  it('is calibrated to this machine', () => {
    const calibrate = recordCalibration(() => performance.now())
    const seconds = Math.min(...Array.from({ length: 10 }, calibrate))
    expect(seconds).to.be.within(1e-9, 2e-6)
  })
})
