import { expect } from 'chai'
import { statusMessage } from '../../src/forward/status-message.ts'

/** A status as protobuf: `int32 code = 1; string message = 2`. */
function status(code: readonly number[], message: string): Buffer {
  const text = Buffer.from(message)
  const length = text.length < 128 ? [text.length] : [(text.length & 0x7f) | 0x80, text.length >> 7]
  return Buffer.concat([Buffer.from([...code, 0x12, ...length]), text])
}

describe('the message of a status', () => {
  it('is read with and without a code, short and long', () => {
    expect(statusMessage(status([0x08, 3], 'cannot decode'))).to.equal('cannot decode')
    expect(statusMessage(status([], 'nö'))).to.equal('nö')
    const long = 'why '.repeat(200)
    expect(statusMessage(status([0x08, 0x80, 0x01], long))).to.equal(long)
  })

  it('is empty where there is none', () => {
    for (const bytes of [[], [0x08], [0x08, 3], [0x0a, 1, 65], [0x12]]) {
      expect(statusMessage(Buffer.from(bytes))).to.equal('')
    }
    expect(statusMessage(status([], 'cut off').subarray(0, 5))).to.equal('cut')
  })
})
