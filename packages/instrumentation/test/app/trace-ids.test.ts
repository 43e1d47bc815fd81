import { expect } from 'chai'
import { parseTraceparent } from '../../src/app/trace-context.ts'
import {
  newSpanId,
  newTraceId,
  newTraceparent,
  spanIdIn,
  traceIdIn,
} from '../../src/app/trace-ids.ts'

const MANY = 5000

describe('new ids', () => {
  it('have the right length and do not repeat', () => {
    const ids = new Set(Array.from({ length: MANY }, newTraceId))
    expect(ids.size).to.equal(MANY)
    expect(newTraceId()).to.match(/^[0-9a-f]{32}$/)
    expect(newSpanId()).to.match(/^[0-9a-f]{16}$/)
  })

  it('do not repeat in headers either, and are what a callee reads there', () => {
    const seen = new Set<string>()
    for (let index = 0; index < MANY; index++) {
      const sampled = index % 3 === 0
      const header = newTraceparent(sampled)
      const [traceId, spanId] = [traceIdIn(header), spanIdIn(header)]
      expect(parseTraceparent(header)).to.deep.equal({ traceId, spanId, sampled })
      seen.add(traceId).add(spanId)
    }
    expect(seen.size).to.equal(2 * MANY)
  })
})
