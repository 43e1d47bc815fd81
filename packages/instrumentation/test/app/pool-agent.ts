import { ShapeTable } from '../../src/app/call-shape.ts'
import { PoolMetrics } from '../../src/app/pool-metrics.ts'
import { RequestTracker } from '../../src/app/request-tracker.ts'
import { JsonSpans } from '../../src/app/span-forms.ts'
import { SpanOutbox } from '../../src/app/span-outbox.ts'
import { TraceChooser } from '../../src/app/trace-chooser.ts'
import { createSharedMemory } from '../../src/shared/memory-layout.ts'
import { SeriesReader } from '../../src/shared/series-reader.ts'
import { SeriesWriter } from '../../src/shared/series-writer.ts'

/** What pools record into, and a look at what they show. */
export function agent() {
  const writer = new SeriesWriter(createSharedMemory())
  const chooser = new TraceChooser(
    { kind: 'tail', ratio: 0 },
    Number.POSITIVE_INFINITY,
    Math.random,
  )
  const outbox = new SpanOutbox({
    form: new JsonSpans(),
    send: () => true,
    onDrop: () => {},
    batchSpansMax: 1,
  })
  const errors: unknown[] = []
  const parts = {
    tracker: new RequestTracker(writer, chooser, outbox, []),
    pools: new PoolMetrics(writer, new ShapeTable(() => {})),
    report: (error: unknown) => errors.push(error),
  }
  const shown = (): Record<string, number> => {
    parts.pools.refresh()
    return Object.fromEntries(
      [...new SeriesReader(writer.memory).read()].map((series) => {
        const { name } = series.instrument.row
        const state = series.attributes['db.client.connection.state'] ?? ''
        const value = series.kind === 'histogram' ? series.count : series.value
        return [`${name.replace('db.client.connection.', '')} ${state}`.trim(), value]
      }),
    )
  }
  return { parts, shown, errors }
}
