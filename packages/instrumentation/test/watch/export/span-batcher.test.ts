import { expect } from 'chai'
import { until } from '../../../../../tools/testing/until.ts'
import { WatchedSuite } from '../watched-suite.ts'
import { SPAN } from './span.ts'

/** Three of them are longer than a request gets. */
const LONG_SPAN = { ...SPAN, name: 'x'.repeat(400_000) }

describe('the batches of spans', () => {
  // So long that no test sees a batch end by its time.
  const suite = new WatchedSuite({ OTEL_BSP_SCHEDULE_DELAY: '600000' })

  it('go when they are long, however few spans are in them', async () => {
    const started = await suite.watch()
    for (let span = 0; span < 3; span++) {
      started.send({ type: 'spans', json: JSON.stringify([LONG_SPAN]), count: 1 })
    }
    await until('a request', () => suite.receiver.traceRequests.length > 0)
    const names = suite.receiver.traceRequests.flatMap(({ resourceSpans }) =>
      resourceSpans.flatMap(({ scopeSpans }) =>
        scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => String(name).length)),
      ),
    )
    expect(names).to.deep.equal([400_000, 400_000, 400_000])
  })
})
