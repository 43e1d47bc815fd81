import type { ScopeMetrics } from '@opentelemetry/sdk-metrics'
import { expect } from 'chai'
import { AppMeterProvider } from '../../src/app/app-meters.ts'
import { AppSpan } from '../../src/app/app-span.ts'
import { Components } from '../../src/app/components.ts'
import { SpanOutbox } from '../../src/app/span-outbox.ts'
import { createSharedMemory } from '../../src/shared/memory-layout.ts'
import type { SpanRecord } from '../../src/shared/messages.ts'
import { SeriesWriter } from '../../src/shared/series-writer.ts'

function fail(): never {
  throw new Error('the app has been read')
}

/** Values that cannot be read, written as text, or cloned. */
const HOSTILE: readonly unknown[] = [
  new Proxy({}, { get: fail, has: fail, ownKeys: fail, getPrototypeOf: fail }),
  Object.defineProperties(new Error('x'), { name: { get: fail }, message: { get: fail } }),
  { toString: fail, valueOf: fail, toJSON: fail },
  Object.create(null),
  () => undefined,
  Symbol('symbol'),
  10n,
  [Symbol('inner')],
  [{}],
]

describe('what an app may give us by mistake', () => {
  const span = () =>
    new AppSpan(
      { traceId: 'a'.repeat(32), sampled: true, spanEnded: () => true },
      {
        name: 'x',
        kind: 0,
        scope: 'test',
        scopeVersion: undefined,
        startMs: 0,
        parentSpanId: undefined,
      },
      () => undefined,
    )

  for (const [place, value] of HOSTILE.entries()) {
    const type = Array.isArray(value) ? 'array' : typeof value

    it(`is left out of a span's attributes, and counted: ${type} ${place}`, () => {
      const given = span()
      given.setAttribute('wrong', value as string).setAttribute('right', 'x')
      given.addEvent('event', { wrong: value as string, right: 1 })
      given.addEvent(value as string)
      given.updateName(value as string)
      given.setStatus({ code: 2, message: value as string })
      expect(given.attributes).to.deep.equal({ right: 'x' })
      expect(given.droppedAttributes).to.equal(1)
      expect(given.events[0]!.attributes).to.deep.equal({ right: 1 })
      structuredClone({ ...given.attributes, events: given.events, name: given.name })
    })

    it(`is a name of a component, or an error, and nothing is thrown but that: ${type} ${place}`, () => {
      const components = new Components(new SeriesWriter(createSharedMemory()))
      components.get(value as string).record(value as string, 1)
      components.get('c').record('o', 1, { error: value })
      let thrown: unknown
      try {
        components.get('c').track('o', () => {
          throw value
        })
      } catch (error) {
        thrown = error
      }
      expect(thrown === value).to.equal(true)
    })
  }

  it('is no time, no link and no status of a span', () => {
    for (const value of [...HOSTILE.slice(1), null, undefined, NaN, new Date(NaN), [undefined]]) {
      const given = span()
      given.addLink(value as never)
      given.addLinks([{ context: undefined as never }])
      given.addLinks(value as never)
      given.setStatus(value as never)
      given.addEvent('event', { a: 1 }, value as never)
      given.end(value as never)
      expect(given.links).to.deep.equal([])
      expect(given.status).to.equal(0)
      expect(given.events[0]!.timeMs).to.be.closeTo(Date.now(), 60_000)
      expect(given.endMs).to.be.closeTo(performance.now(), 60_000)
    }
  })

  it("does not keep the app's other series from being sent", async () => {
    const sent: ScopeMetrics[][] = []
    const errors: unknown[] = []
    const meters = new AppMeterProvider(
      (scopeMetrics) => void sent.push(structuredClone([...scopeMetrics])),
      60_000,
      (error) => void errors.push(error),
    )
    const counter = meters.getMeter('shop').createCounter('sold')
    counter.add(1, { what: 'book' })
    counter.add(2, { what: (() => undefined) as never, where: 'here' })
    meters.flush()
    await new Promise((resolve) => setTimeout(resolve, 10))
    expect(errors).to.deep.equal([])
    const points = sent[0]![0]!.metrics[0]!.dataPoints
    expect(points.map(({ attributes, value }) => [attributes, value])).to.deep.equal([
      [{ what: 'book' }, 1],
      [{ where: 'here' }, 2],
    ])
  })

  it('is dropped with its batch, and counted, when it cannot be handed to another thread', () => {
    let dropped = 0
    const kept: SpanRecord[] = []
    const outbox = new SpanOutbox({
      form: {
        get count() {
          return kept.length
        },
        bytes: 0,
        add: (record) => void kept.push(record),
        batch: () => ({ records: kept }) as never,
        clear: () => void kept.splice(0),
      },
      send: (batch) => structuredClone(batch) !== undefined,
      onDrop: (count) => {
        dropped += count
      },
      batchSpansMax: 10,
    })
    outbox.add({ name: () => undefined } as never)
    outbox.flush()
    expect([dropped, kept.length]).to.deep.equal([1, 0])
  })
})
