import { expect } from 'chai'
import { encodeRecordHead, type LogRecord, readRecords } from '../../../src/store/log/record.ts'

const record = (body: string, tenant = 'a'): LogRecord => ({
  kind: 1,
  tenant,
  receivedMs: 1.5,
  body: Buffer.from(body),
})
const bytesOf = (one: LogRecord) => Buffer.concat([encodeRecordHead(one), one.body])
const bodies = (segment: Buffer) => {
  const found: string[] = []
  const report = readRecords(segment, ({ body }) => found.push(Buffer.from(body).toString()))
  return { found, ...report }
}
const segment = Buffer.concat(['one', 'two', 'three'].map((body) => bytesOf(record(body))))

describe('the records of a log segment', () => {
  it('come back as they were written', () => {
    const found: LogRecord[] = []
    readRecords(bytesOf(record('body', 'tenant-ä')), (one) => found.push(one))
    expect(found).to.have.length(1)
    expect(found[0]).to.include({ kind: 1, tenant: 'tenant-ä', receivedMs: 1.5 })
    expect(Buffer.from(found[0]!.body).toString()).to.equal('body')
  })

  it('end before a torn tail, wherever it is torn', () => {
    const whole = segment.length - bytesOf(record('three')).length
    for (let end = whole; end < segment.length; end++) {
      const { found, bytes, damagedBytes } = bodies(segment.subarray(0, end))
      expect(found).to.deep.equal(['one', 'two'])
      expect([bytes, damagedBytes]).to.deep.equal([whole, end - whole])
    }
  })

  it('lose one record, not more, to any flipped bit', () => {
    for (let bit = 0; bit < segment.length * 8; bit++) {
      const damaged = Buffer.from(segment)
      damaged[bit >> 3]! ^= 1 << (bit & 7)
      const { found, damagedBytes } = bodies(damaged)
      expect(found, `bit ${bit}`).to.have.length(2)
      expect(damagedBytes).to.be.greaterThan(0)
    }
  })
})
