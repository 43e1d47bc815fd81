import { expect } from 'chai'
import { until } from '../../../../../tools/testing/until.ts'
import { ExportLog } from '../../../src/watch/export/export-log.ts'
import type { HttpAnswer } from '../../../src/watch/export/http-post.ts'
import { OtlpSender } from '../../../src/watch/export/otlp-sender.ts'
import { SendQueue } from '../../../src/watch/export/send-queue.ts'
import { BoundedHistogram } from '../../../src/watch/metrics/bounded-histogram.ts'
import { MetricBatch } from '../../../src/watch/metrics/metric-batch.ts'
import { Warnings } from '../../../src/watch/warnings.ts'

const DAY_MS = 86_400_000
const NOW_MS = Date.UTC(2026, 0, 1)

/** A wall clock that can be set, beside a monotonic one that nobody can set. */
class SettableClock {
  wallMs = NOW_MS
  readonly read = () => ({ wallMs: this.wallMs, monotonicMs: performance.now() })
}

const answer = (status: number, retryAfter?: string): HttpAnswer => ({
  ...{ status, retryAfter },
  body: new Uint8Array(),
})

describe('a clock that is set', () => {
  for (const jumpMs of [-DAY_MS, DAY_MS]) {
    const direction = jumpMs < 0 ? 'back' : 'forward'

    it(`${direction} a day neither ends nor stretches the tries of a report`, async () => {
      const clock = new SettableClock()
      let tries = 0
      const sender = new OtlpSender({
        post: async () => {
          clock.wallMs += jumpMs
          return answer(++tries < 3 ? 503 : 200, '0')
        },
        gzip: false,
        random: () => 0.5,
        clock: clock.read,
      })
      const startMs = performance.now()
      expect((await sender.send(new Uint8Array(1), 60_000)).kind).to.equal('taken')
      expect(tries).to.equal(3)
      expect(performance.now() - startMs).to.be.below(30_000)
    })

    it(`${direction} a day in the middle does not stop the queue`, async () => {
      const clock = new SettableClock()
      let tries = 0
      const durations = new BoundedHistogram({
        ...{ name: 'chokepoint.sdk.export.duration', boundaries: [1] },
        ...{ seriesMax: 8, startedAtMs: NOW_MS },
      })
      const sender = new OtlpSender({
        // A date that was right before the clock was set lies days away, or in the past.
        post: async () => {
          const date = new Date(clock.wallMs + 1000).toUTCString()
          clock.wallMs += tries === 0 ? jumpMs : 0
          return answer(++tries < 2 ? 429 : 200, date)
        },
        gzip: false,
        random: () => 0,
        clock: clock.read,
      })
      const queue = new SendQueue({
        ...{ signal: 'traces', url: 'http://collector', sender, clock: clock.read },
        log: new ExportLog(durations, new Warnings(() => undefined)),
        readRejection: () => ({ count: 0, message: '' }),
        random: () => 0,
        ...{ timeoutMs: 1000, bytesMax: 1000, itemsMax: 1000 },
        onDropped: () => expect.fail('it was dropped'),
      })
      queue.push(new Uint8Array(10), 1)
      // Set forward the wait is over at once; set back it is bounded by minutes, and a flush does not wait for it.
      await until('the second try', async () => {
        await queue.flush()
        return tries === 2
      })
      await until('an empty queue', () => queue.bytes === 0)
      queue.close()
    })
  }

  it('back before the process began gives no point that ends before it starts', () => {
    const batch = new MetricBatch(NOW_MS, NOW_MS - DAY_MS)
    batch.add('chokepoint.sdk.cpu.time', 1)
    const [metric] = batch.toMetrics()
    const [{ startTime, endTime } = expect.fail('no point')] = metric!.dataPoints
    expect(startTime).to.deep.equal(endTime)
  })
})
