import { emptyResource } from '@opentelemetry/resources'
import { expect } from 'chai'
import { ProtobufSpans } from '../../../src/app/span-forms.ts'
import type { SpanBatch } from '../../../src/shared/messages.ts'
import { ProtobufSpanRequest } from '../../../src/watch/export/span-request.ts'
import { SPAN } from './span.ts'

/** More than a writer begins with. */
const LONG_NAME = 'x'.repeat(35_000)

/** One long span of each of so many scopes. */
function batchOf(scopes: number): SpanBatch {
  const spans = new ProtobufSpans()
  for (let scope = 0; scope < scopes; scope++) {
    spans.add({ ...SPAN, name: LONG_NAME, scope: `scope ${scope}` })
  }
  return spans.batch()
}

/** Fills a request and takes it; gives how many buffers that needed. */
function buffersFor(request: ProtobufSpanRequest, scopes: number): number {
  const batch = batchOf(scopes)
  const { allocUnsafeSlow } = Buffer
  let needed = 0
  Buffer.allocUnsafeSlow = (size) => {
    needed++
    return allocUnsafeSlow(size)
  }
  try {
    request.add(batch)
    request.take()
  } finally {
    Buffer.allocUnsafeSlow = allocUnsafeSlow
  }
  return needed
}

describe('the bytes of a request for spans', () => {
  it('are used again for the next one', () => {
    const request = new ProtobufSpanRequest(emptyResource())
    expect(buffersFor(request, 16)).to.be.at.least(16)
    expect(buffersFor(request, 16)).to.equal(0)
  })

  it('are not kept where an app makes up scopes without end', () => {
    const request = new ProtobufSpanRequest(emptyResource())
    buffersFor(request, 17)
    // Not even those of a scope that comes again: nobody knows which those are.
    expect(buffersFor(request, 1)).to.be.at.least(1)
  })
})
