import { expect } from 'chai'
import { AppSpan, limitSpans } from '../../src/app/app-span.ts'
import { SPAN_LIMITS_DEFAULT } from '../../src/app/span-limits.ts'

const OWNER = { traceId: '0af7651916cd43dd8448eb211c80319c', sampled: true, spanEnded: () => true }

function startSpan(): AppSpan {
  const start = { name: 'work', kind: 0, scope: 'test', scopeVersion: undefined }
  return new AppSpan(OWNER, { ...start, startMs: 0, parentSpanId: undefined }, () => {})
}

describe('the limits of a span', () => {
  afterEach(() => limitSpans(SPAN_LIMITS_DEFAULT))

  it('cut long texts, also inside of lists, and count what they leave out', () => {
    limitSpans({
      attributeCountMax: 2,
      attributeValueLengthMax: 3,
      eventCountMax: 1,
      linkCountMax: 1,
      eventAttributeCountMax: 1,
      linkAttributeCountMax: 0,
    })
    const span = startSpan()
    span.setAttributes({ a: 'abcdef', b: ['xyz1', 'x'], c: 1 })
    span.setAttribute('a', 'again')
    expect(span.attributes).to.deep.equal({ a: 'aga', b: ['xyz', 'x'] })
    expect(span.droppedAttributes).to.equal(1)
    span.addEvent('one', { x: 'long text', y: 2 })
    span.addEvent('two')
    expect(span.events[0]!.attributes).to.deep.equal({ x: 'lon' })
    expect(span.droppedEvents).to.equal(1)
    const context = { traceId: OWNER.traceId, spanId: 'b7ad6b7169203331', traceFlags: 1 }
    span.addLink({ context, attributes: { a: 1 } }).addLink({ context })
    expect(span.links).to.have.length(1)
    expect(span.links[0]!.attributes).to.deep.equal({})
    expect(span.droppedLinks).to.equal(1)
  })

  it('are 128 of each and 4096 characters unless something else is set', () => {
    const span = startSpan()
    for (let index = 0; index < 130; index++) span.setAttribute(`k${index}`, 'x'.repeat(5000))
    expect(Object.keys(span.attributes)).to.have.length(128)
    expect(span.attributes.k0).to.have.length(4096)
    span.recordException(new Error('y'.repeat(6000)))
    expect(span.events[0]!.attributes!['exception.message']).to.have.length(4096)
  })
})
