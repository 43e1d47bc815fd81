import { expect } from 'chai'
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
