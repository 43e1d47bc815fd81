import { expect } from 'chai'
import { RequestScanner } from '../../src/decode/scan-request.ts'
import { WireWriter } from '../../src/decode/wire-writer.ts'
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

  it('rests within a metric that is long, and goes on where it was', () => {
    const count = 20_000
    const points = Array.from({ length: count }, (_, i) => ({
      attributes: [
        { key: 'number', value: { value: { case: 'stringValue', value: `${i % 100}` } } },
      ],
      timeUnixNano: BigInt(i) * 1_000_000n,
      value: { case: 'asInt', value: BigInt(i) },
    }))
    const bytes = encodeRequest(gaugeRequest(points))
    const roomy = new RequestScanner({ ...LIMITS, pointsMax: count + 1 }, [1, 2])
    let longest = 0
    let before = 0
    for (const _ of roomy.steps(bytes)) {
      longest = Math.max(longest, roomy.batch.points - before)
      before = roomy.batch.points
    }
    expect(longest).to.be.within(100, 4000)
    expect(roomy.batch.points).to.equal(count)
    const { timeMs, value, pointMetric } = roomy.batch
    for (let i = 0; i < count; i++) {
      expect([timeMs[i], value[i], pointMetric[i]]).to.deep.equal([i, i, 0])
    }
    expect(() => roomy.scan(bytes.subarray(0, bytes.length >> 1))).to.throw('cannot decode')
    const other = encodeRequest(gaugeRequest([points[7]!]))
    expect(scannedPoints(roomy.scan(other))).to.deep.equal(scannedPoints(scanner().scan(other)))
  })

  it('keeps the order of a metric that has data twice, the first of them long', () => {
    const writer = new WireWriter(1_000_000)
    const messages = [1, 2, 2].map((field) => writer.beginMessage(field))
    writer.string(1, 'g')
    let written = 0
    for (const points of [9000, 3, 8000]) {
      const data = writer.beginMessage(5)
      for (let i = 0; i < points; i++) {
        const point = writer.beginMessage(1)
        writer.fixed64(3, 1_000_000n)
        writer.fixed64(6, BigInt(written++))
        writer.endMessage(point)
      }
      writer.endMessage(data)
    }
    for (const message of messages.reverse()) writer.endMessage(message)
    const roomy = new RequestScanner({ ...LIMITS, pointsMax: written }, [1, 2])
    const { points, value, pointMetric } = roomy.scan(writer.finish())
    expect(points).to.equal(written)
    for (let i = 0; i < written; i++) {
      expect([value[i], pointMetric[i]]).to.deep.equal([i, i < 9000 ? 0 : i < 9003 ? 1 : 2])
    }
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
