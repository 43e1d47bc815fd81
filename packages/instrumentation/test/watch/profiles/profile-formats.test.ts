import type { Profiler } from 'node:inspector'
import { expect } from 'chai'
import { Profile } from 'pprof-format'
import { encodeCpuProfile } from '../../../src/watch/profiles/cpu-profile.ts'
import { encodeHeapProfile } from '../../../src/watch/profiles/heap-profile.ts'
import { SourceMaps } from '../../../src/watch/stall/source-maps.ts'

const frame = (functionName: string, url: string, lineNumber: number) => ({
  functionName,
  scriptId: '1',
  url,
  lineNumber,
  columnNumber: 0,
})

/** A profile as a reader sees it: stacks of `name file:line`, the innermost first, with their values. */
function read(bytes: Uint8Array) {
  const profile = Profile.decode(bytes)
  const { strings } = profile.stringTable
  const functions = new Map(profile.function.map((one) => [Number(one.id), one]))
  const locations = new Map(profile.location.map((one) => [Number(one.id), one]))
  const nameOf = (id: number | bigint): string => {
    const { functionId, line } = locations.get(Number(id))!.line[0]!
    const { name, filename, startLine } = functions.get(Number(functionId))!
    const file = strings[Number(filename)]
    return `${strings[Number(name)]} ${file}:${line} from ${startLine}`
  }
  return {
    profile,
    kinds: profile.sampleType.map(({ type, unit }) => [
      strings[Number(type)],
      strings[Number(unit)],
    ]),
    samples: profile.sample.map(({ locationId, value }) => ({
      stack: locationId.map(nameOf),
      values: value.map(Number),
    })),
  }
}

describe('a CPU profile as pprof', () => {
  const nodes: Profiler.ProfileNode[] = [
    { id: 1, callFrame: frame('(root)', '', -1), children: [2, 4, 5] },
    { id: 2, callFrame: frame('serve', 'file:///app/shop.js', 4), children: [3] },
    {
      id: 3,
      callFrame: frame('price', 'file:///app/shop.js', 9),
      positionTicks: [
        { line: 11, ticks: 1 },
        { line: 12, ticks: 3 },
      ],
    },
    { id: 4, callFrame: frame('(idle)', '', -1) },
    { id: 5, callFrame: frame('(garbage collector)', '', -1) },
  ]
  const profile: Profiler.Profile = {
    startTime: 1_000_000,
    endTime: 1_100_000,
    nodes,
    samples: [3, 3, 4, 2, 5],
    timeDeltas: [10_000, 10_000, 10_000, 50_000, 10_000],
  }
  const head = { startedAtMs: 1_700_000_000_000, sampleEveryMs: 10 }
  const {
    profile: decoded,
    kinds,
    samples,
  } = read(encodeCpuProfile(profile, new SourceMaps(), head))

  it('has each stack with its samples and its time, and no idle time', () => {
    expect(kinds).to.deep.equal([
      ['samples', 'count'],
      ['cpu', 'nanoseconds'],
    ])
    expect(samples).to.deep.equal([
      { stack: ['serve /app/shop.js:5 from 5'], values: [1, 10e6] },
      {
        stack: ['price /app/shop.js:12 from 10', 'serve /app/shop.js:5 from 5'],
        values: [2, 20e6],
      },
      { stack: ['(garbage collector) :0 from 0'], values: [1, 10e6] },
    ])
  })

  it('tells when it was taken, for how long, and every how much', () => {
    expect(decoded.timeNanos).to.equal(1_700_000_000_000_000_000n)
    expect(Number(decoded.durationNanos)).to.equal(100e6)
    expect(Number(decoded.period)).to.equal(10e6)
  })

  it('is written for a thread that was never sampled, too', () => {
    const empty = { ...profile, samples: [], timeDeltas: [] }
    expect(read(encodeCpuProfile(empty, new SourceMaps(), head)).samples).to.deep.equal([])
  })
})

describe('a heap profile as pprof', () => {
  it('has each stack with the bytes that it holds', () => {
    const leaf = {
      callFrame: frame('from', '', -1),
      selfSize: 4096,
      id: 3,
      children: [],
    }
    const keep = {
      callFrame: frame('keep', 'file:///app/shop.js', 4),
      selfSize: 100,
      id: 2,
      children: [leaf],
    }
    const head = { callFrame: frame('(root)', '', -1), selfSize: 0, id: 1, children: [keep] }
    const { kinds, samples, profile } = read(
      encodeHeapProfile({ head }, new SourceMaps(), {
        startedAtMs: 5,
        durationMs: 2000,
        sampleEveryBytes: 65_536,
      }),
    )
    expect(kinds).to.deep.equal([['inuse_space', 'bytes']])
    expect(samples).to.deep.equal([
      { stack: ['keep /app/shop.js:5 from 5'], values: [100] },
      { stack: ['from :0 from 0', 'keep /app/shop.js:5 from 5'], values: [4096] },
    ])
    expect(Number(profile.period)).to.equal(65_536)
    expect(Number(profile.durationNanos)).to.equal(2e9)
  })
})
