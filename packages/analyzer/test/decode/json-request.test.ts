import { fromJsonString, toBinary, toJsonString } from '@bufbuild/protobuf'
import { expect } from 'chai'
import { jsonRequestToProtobuf } from '../../src/decode/json-request.ts'
import { decodeOfficially, encodeRequest, REQUEST } from './official-otlp.ts'
import { Random } from './random.ts'
import { randomRequest } from './random-request.ts'

const encode = (value: unknown) => jsonRequestToProtobuf(Buffer.from(JSON.stringify(value)))
const point = (fields: object) => ({
  resourceMetrics: [
    { scopeMetrics: [{ metrics: [{ name: 'm', gauge: { dataPoints: [fields] } }] }] },
  ],
})

describe('an OTLP request in JSON', () => {
  it('is the same request in protobuf, for 500 generated ones', () => {
    const random = new Random(21)
    for (let i = 0; i < 500; i++) {
      const generated = decodeOfficially(REQUEST, encodeRequest(randomRequest(random)))
      const text = toJsonString(REQUEST, generated, { enumAsInteger: true })
      // OTLP differs from protobuf's JSON: enums are numbers, trace and span ids are hex.
      const otlp = text.replace(
        /"(traceId|spanId)":"([^"]*)"/g,
        (_, key, id) => `"${key}":"${Buffer.from(id, 'base64').toString('hex')}"`,
      )
      const ours = decodeOfficially(REQUEST, jsonRequestToProtobuf(Buffer.from(otlp)))
      const official = fromJsonString(REQUEST, text)
      expect(toBinary(REQUEST, ours), `request ${i}`).to.deep.equal(toBinary(REQUEST, official))
    }
  })

  it('takes numbers where strings are usual, ignores unknown fields and nulls', () => {
    const bytes = encode({
      ...point({ timeUnixNano: 5, asInt: 7, flags: null, new: {} }),
      later: 1,
    })
    expect(bytes).to.deep.equal(encode(point({ timeUnixNano: '5', asInt: '7' })))
  })

  it('says where it is wrong', () => {
    const message = (value: unknown) => {
      try {
        encode(value)
      } catch (error) {
        expect(error).to.include({ code: 'BODY_INVALID' })
        return (error as Error).message
      }
      return 'no error'
    }
    expect(message([])).to.equal('cannot decode the OTLP request: $ must be an object, got []')
    expect(message(point({ timeUnixNano: 'soon' }))).to.equal(
      'cannot decode the OTLP request: $.resourceMetrics[0].scopeMetrics[0].metrics[0].gauge.dataPoints[0].timeUnixNano must be a whole number, got "soon"',
    )
    expect(message({ resourceMetrics: {} })).to.contain(
      '$.resourceMetrics must be an array, got {}',
    )
    expect(() => jsonRequestToProtobuf(Buffer.from('{'))).to.throw('not JSON')
    expect(() => jsonRequestToProtobuf(Buffer.from([0x22, 0xff, 0x22]))).to.throw('not JSON')
  })

  it('stops at a depth', () => {
    let value: object = { stringValue: 'x' }
    for (let i = 0; i < 200; i++) value = { arrayValue: { values: [value] } }
    expect(() => encode(point({ attributes: [{ key: 'k', value }] }))).to.throw('nests too deep')
  })
})
