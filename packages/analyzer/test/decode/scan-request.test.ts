import { expect } from 'chai'
import { RequestScanner } from '../../src/decode/scan-request.ts'
import { officialPoints, scannedPoints } from './comparable-points.ts'
import { decodeOfficially, encodeRequest, REQUEST } from './official-otlp.ts'
import { Random } from './random.ts'
import { randomRequest } from './random-request.ts'

const LIMITS = { pointsMax: 10_000, bucketsMax: 512 }
const MESSAGES = Number(process.env.CHOKEPOINT_DECODE_MESSAGES ?? 5000)
const MUTATIONS = Number(process.env.CHOKEPOINT_DECODE_MUTATIONS ?? 10_000)

const scanner = () => new RequestScanner(LIMITS, [1, 2])

describe('the scan of an OTLP request', () => {
  it(`gives the points of the official decoder, in the same order, for ${MESSAGES} generated requests`, function () {
    this.timeout(600_000)
    const random = new Random(4)
    const ours = scanner()
    for (let i = 0; i < MESSAGES; i++) {
      const bytes = encodeRequest(randomRequest(random))
      expect(scannedPoints(ours.scan(bytes)), `request ${i}`).to.deep.equal(
        officialPoints(decodeOfficially(REQUEST, bytes)),
      )
    }
  })

  it('gives the same hash to the same bytes and different ones to different series', () => {
    const point = (route: string) => ({
      attributes: [{ key: 'http.route', value: { value: { case: 'stringValue', value: route } } }],
      timeUnixNano: 1n,
      value: { case: 'asInt', value: 1n },
    })
    const bytes = encodeRequest(gaugeRequest([point('/a'), point('/b'), point('/a')]))
    const { hashLow, hashHigh } = scanner().scan(bytes)
    expect([hashLow[0], hashHigh[0]]).to.deep.equal([hashLow[2], hashHigh[2]])
    expect([hashLow[0], hashHigh[0]]).to.not.deep.equal([hashLow[1], hashHigh[1]])
  })

  it('passes over fields that it does not know', () => {
    const known = encodeRequest(
      gaugeRequest([{ timeUnixNano: 5n, value: { case: 'asInt', value: 7n } }]),
    )
    // Field 1000 as varint, as bytes, as fixed32, and a group with a field inside.
    const unknown = [
      0xc0, 0x3e, 1, 0xc2, 0x3e, 2, 9, 9, 0xc5, 0x3e, 1, 2, 3, 4, 0xc3, 0x3e, 8, 1, 0xc4, 0x3e,
    ]
    const batch = scanner().scan(Uint8Array.from([...unknown, ...known, ...unknown]))
    expect(batch.points).to.equal(1)
    expect(batch.value[0]).to.equal(7)
  })

  it('rejects a histogram whose counts do not fit its bounds, and keeps the others', () => {
    const histogram = (bucketCounts: bigint[]) => ({
      bucketCounts,
      explicitBounds: [1, 2],
      count: 3n,
    })
    const dataPoints = [histogram([1n, 1n, 1n]), histogram([3n])]
    const batch = scanner().scan(
      encodeRequest({
        resourceMetrics: [
          {
            scopeMetrics: [
              { metrics: [{ name: 'h', data: { case: 'histogram', value: { dataPoints } } }] },
            ],
          },
        ],
      }),
    )
    expect([batch.points, batch.pointsMalformed]).to.deep.equal([1, 1])
    expect(batch.malformed).to.equal('a histogram has 1 bucket counts for 2 bounds')
  })

  it('counts the points over the limit of a request instead of reading them', () => {
    const points = Array.from({ length: 7 }, () => ({ value: { case: 'asInt', value: 1n } }))
    const small = new RequestScanner({ pointsMax: 5, bucketsMax: 1 }, [1, 2])
    const batch = small.scan(encodeRequest(gaugeRequest(points)))
    expect([batch.points, batch.pointsOverLimit]).to.deep.equal([5, 2])
  })

  it('says that a truncated request is cut off, wherever the cut is', () => {
    const bytes = encodeRequest(randomRequest(new Random(3)))
    const whole = scannedPoints(scanner().scan(bytes)).length
    expect(whole).to.be.greaterThan(3)
    for (let end = 0; end < bytes.length; end++) {
      try {
        // A cut between two resources is a shorter request, and a right one.
        expect(scanner().scan(bytes.slice(0, end)).points).to.be.at.most(whole)
      } catch (error) {
        expect(error).to.include({ code: 'BODY_INVALID' })
      }
    }
  })

  it(`neither hangs nor fails in another way on ${MUTATIONS} mutated requests`, function () {
    this.timeout(600_000)
    const random = new Random(99)
    const seeds = random.many(50, () => encodeRequest(randomRequest(random)))
    const ours = scanner()
    for (let i = 0; i < MUTATIONS; i++) {
      const bytes = mutate(random.pick(seeds), random)
      try {
        scannedPoints(ours.scan(bytes))
      } catch (error) {
        expect(error, Buffer.from(bytes).toString('hex')).to.include({ code: 'BODY_INVALID' })
      }
    }
  })
})

function gaugeRequest(dataPoints: object[]): object {
  return {
    resourceMetrics: [
      {
        scopeMetrics: [
          { metrics: [{ name: 'g', data: { case: 'gauge', value: { dataPoints } } }] },
        ],
      },
    ],
  }
}

function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  const mutated = bytes.slice(0, random.chance(0.3) ? random.below(bytes.length + 1) : undefined)
  for (let i = random.below(4); i >= 0 && mutated.length > 0; i--) {
    mutated[random.below(mutated.length)] = random.pick([random.below(256), 0xff, 0x80, 0])
  }
  return mutated
}
