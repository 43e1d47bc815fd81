import { readdirSync, readFileSync } from 'node:fs'
import { createEngine, MemorySource, PromqlError } from '@chokepoint/promql'
import { expect } from 'chai'
import { parseScript } from './promtest/script.ts'

const MUTATIONS = 10_000
const SNIPPETS = [
  ...['(', ')', '[', ']', '{', '}', '"', "'", '`', ',', ':', '@', '-', '+', '^', '=', '!~', '</'],
  ...[
    ' by (',
    ' offset ',
    ' bool ',
    ' on()',
    'group_left',
    '5m',
    '1e999',
    '0x',
    '\\',
    '\u0000',
    'é',
  ],
  ...[
    'sum',
    'rate(',
    'inf',
    'nan',
    '[5m:',
    ' @ start()',
    '#',
    '\n',
    'fill(',
    'smoothed',
    '{{',
    '}}',
  ],
]

describe('10,000 mutated queries', () => {
  it('end in a result or in an error that says where, and never hang', () => {
    const queries = readQueries()
    const random = seeded(42)
    const engine = createEngine({
      experimental: true,
      limits: { samplesMax: 200_000, stepsMax: 20_000 },
    })
    const source = smallSource()
    let parsed = 0
    for (let i = 0; i < MUTATIONS; i++) {
      const query = mutate(queries, random)
      const began = performance.now()
      try {
        engine.instant(source, query, 60_000)
        parsed++
      } catch (error) {
        expect(error, `${JSON.stringify(query)}: ${(error as Error).stack}`).to.be.instanceOf(
          PromqlError,
        )
        const { code, position, message } = error as PromqlError
        if (code === 'parse_error') {
          expect(position, query).to.be.an('object')
          expect(message).to.match(/^\d+:\d+: parse error: ./)
          expect(position!.start).to.be.within(0, query.length)
        }
      }
      expect(performance.now() - began, query).to.be.lessThan(10_000)
    }
    expect(parsed).to.be.within(1, MUTATIONS - 1)
  })
})

function readQueries(): string[] {
  const folder = new URL('testdata/', import.meta.url)
  return readdirSync(folder)
    .filter((name) => name.endsWith('.test'))
    .flatMap((name) => parseScript(readFileSync(new URL(name, folder), 'utf8')))
    .flatMap((command) => (command.kind === 'eval' ? [command.expr] : []))
}

function smallSource(): MemorySource {
  const source = new MemorySource()
  for (const name of ['metric', 'foo', 'http_requests_total', 'data']) {
    for (let i = 0; i < 4; i++) source.add({ __name__: name, l: 'x' }, i * 20_000, i)
  }
  return source
}

function mutate(queries: readonly string[], random: () => number): string {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]!
  let query = pick(queries)
  const changes = 1 + Math.floor(random() * 3)
  for (let i = 0; i < changes; i++) {
    const at = Math.floor(random() * (query.length + 1))
    const kind = random()
    if (kind < 0.4) query = query.slice(0, at) + query.slice(at + 1 + Math.floor(random() * 4))
    else if (kind < 0.8) query = query.slice(0, at) + pick(SNIPPETS) + query.slice(at)
    else query = query.slice(0, at) + pick(queries).slice(Math.floor(random() * 10))
  }
  return query
}

/** Numbers in [0, 1) that are the same in every run (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
