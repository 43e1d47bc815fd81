import { expect } from 'chai'
import {
  formatTraceparent,
  newSpanId,
  newTraceId,
  parseTraceparent,
} from '../../src/app/trace-context.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'

describe('a traceparent header', () => {
  it('is read as it is written', () => {
    for (const sampled of [true, false]) {
      expect(parseTraceparent(formatTraceparent(TRACE, SPAN, sampled))).to.deep.equal({
        traceId: TRACE,
        spanId: SPAN,
        sampled,
      })
    }
  })

  const BAD: readonly [what: string, header: string | undefined][] = [
    ['absent', undefined],
    ['empty', ''],
    ['of version ff', `ff-${TRACE}-${SPAN}-01`],
    ['with upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['with a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['with a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['of version 00 with more fields', `00-${TRACE}-${SPAN}-01-what`],
    ['cut', `00-${TRACE}-${SPAN}`],
    ['of a megabyte', `00-${TRACE}-${SPAN}-01${'-'.repeat(1_000_000)}`],
  ]
  for (const [what, header] of BAD) {
    it(`is ignored when ${what}`, () => {
      expect(parseTraceparent(header)).to.equal(undefined)
    })
  }

  it('of a later version is read by its first four fields', () => {
    expect(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what`)?.sampled).to.equal(true)
  })
})

describe('new ids', () => {
  it('have the right length and do not repeat', () => {
    const ids = new Set(Array.from({ length: 5000 }, newTraceId))
    expect(ids.size).to.equal(5000)
    expect(newTraceId()).to.match(/^[0-9a-f]{32}$/)
    expect(newSpanId()).to.match(/^[0-9a-f]{16}$/)
  })
})
