import {
  createEngine,
  MemorySource,
  PromqlError,
  parse,
  prettyPrint,
  print,
  type QueryResult,
  type QueryValue,
  runThrough,
  SharedResults,
  type Steps,
} from '@chokepoint/promql'
import { expect } from 'chai'
import fc from 'fast-check'
import { almostEqual } from './promtest/compare.ts'
import { load } from './promtest/load.ts'
import { type LoadCommand, parseScript } from './promtest/script.ts'
import { vectorExpression } from './random-expression.ts'

const DATA = `load 20s
  f{l="a", x="1"} 1+1x10 _x3 5-0.5x20
  f{l="b", x="1"} 3x12 stale _x4 7x20
  f{l="c"} _x8 -1+0.25x30
  g{l="a", x="1"} 2x40
  g{l="b", x="1"} NaN Inf 3x30
  g{l="c"} 0-2x40
  c{l="a", x="1"} 0+10x15 0+7x20
  c{l="b", x="1"} 5+5x10 _x5 90+5x20
  h{l="a"} {{count:1 sum:1 buckets:[1]}}+{{count:3 sum:6 buckets:[1 1 1]}}x20
  h{l="b"} {{schema:1 count:4 sum:9 z_bucket:1 z_bucket_w:0.01 buckets:[1 2]}}x10 3 4 stale {{count:2 sum:2 buckets:[2]}}x10
`

const START_MS = 100_000
const STEP_MS = 45_000
const STEPS = 9

describe('any expression', () => {
  const source = new MemorySource()
  before(() => {
    load(parseScript(DATA)[0] as LoadCommand, source)
  })

  for (const experimental of [false, true]) {
    const mode = experimental ? 'with' : 'without'
    it(`gives over a range what it gives step by step, ${mode} delayed name removal`, () => {
      const engine = createEngine({ experimental })
      fc.assert(
        fc.property(vectorExpression, (query) => {
          fc.pre(!/topk|bottomk/.test(query) || !/NaN/.test(query))
          compareStepByStep(engine, source, query)
        }),
        { numRuns: 400, seed: 7 },
      )
    })
  }

  it('gives in steps, with another query between any two, what it gives at once', () => {
    const resting = createEngine({ experimental: true, cellsPerStep: 1 })
    let rests = 0
    fc.assert(
      fc.property(vectorExpression, vectorExpression, (query, other) => {
        const times = [START_MS, START_MS + STEPS * STEP_MS, STEP_MS] as const
        const turns = [
          resting.rangeInSteps(source, query, ...times),
          resting.rangeInSteps(source, other, ...times),
        ]
        const answers = finishInTurn(turns, () => rests++)
        for (const [i, text] of [query, other].entries()) {
          const atOnce = attempt(() => resting.range(source, text, ...times))
          expect(shownAnswer(answers[i]), text).to.equal(shownAnswer(atOnce))
        }
      }),
      { numRuns: 200, seed: 5 },
    )
    expect(rests).to.be.greaterThan(2000)
  })

  it('gives the same when the queries of one instant share what they come to', () => {
    const engine = createEngine()
    const shared = new SharedResults()
    fc.assert(
      fc.property(vectorExpression, (query) => {
        const ask = (results?: SharedResults) =>
          attempt(() => runThrough(engine.instantInSteps(source, query, 400_000, results)).value)
        expect(shownAnswer(ask(shared)), query).to.equal(shownAnswer(ask()))
        expect(shownAnswer(ask(shared)), `again ${query}`).to.equal(shownAnswer(ask()))
      }),
      { numRuns: 300, seed: 9 },
    )
  })

  it('sees new samples of a metric that is to be forgotten', () => {
    const own = new MemorySource()
    own.add({ __name__: 'm' }, 1000, 1)
    const engine = createEngine()
    const shared = new SharedResults()
    const ask = () => runThrough(engine.instantInSteps(own, 'sum(m)', 5000, shared)).value
    const numberOf = (value: QueryValue) => (value.type === 'vector' ? value.samples[0]?.value : 0)
    expect(numberOf(ask())).to.equal(1)
    own.add({ __name__: 'm' }, 2000, 7)
    expect(numberOf(ask())).to.equal(1)
    shared.forget('m')
    expect(numberOf(ask())).to.equal(7)
  })

  it('prints to a text that parses to the same tree, on one line and on many', () => {
    fc.assert(
      fc.property(vectorExpression, (query) => {
        const tree = parse(query)
        expect(shape(parse(print(tree)))).to.equal(shape(tree))
        expect(shape(parse(prettyPrint(tree)))).to.equal(shape(tree))
      }),
      { numRuns: 500, seed: 11 },
    )
  })
})

/** Takes a step of each in turn until all are done. */
function finishInTurn(turns: readonly Steps<QueryResult>[], onRest: () => void): unknown[] {
  const answers: unknown[] = turns.map(() => undefined)
  const left = new Set(turns.keys())
  while (left.size > 0) {
    for (const i of left) {
      const step = attempt(() => turns[i]!.next())
      if (!(step instanceof PromqlError) && step.done !== true) onRest()
      else {
        answers[i] = step instanceof PromqlError ? step : step.value
        left.delete(i)
      }
    }
  }
  return answers
}

/** An answer or an error as text; what a number is not, as JSON knows it, too. */
function shownAnswer(answer: unknown): string {
  if (answer instanceof PromqlError) return answer.message
  return JSON.stringify(answer, (_, value: unknown) =>
    typeof value === 'number' ? String(value) : value,
  )
}

function compareStepByStep(
  engine: ReturnType<typeof createEngine>,
  source: MemorySource,
  query: string,
): void {
  const instants = Array.from({ length: STEPS }, (_, step) =>
    attempt(() => engine.instant(source, query, START_MS + step * STEP_MS)),
  )
  const endMs = START_MS + (STEPS - 1) * STEP_MS
  const range = attempt(() => engine.range(source, query, START_MS, endMs, STEP_MS))
  // An error at one instant is an error of the whole range, and the other way round.
  if (range instanceof PromqlError || instants.some((one) => one instanceof PromqlError)) {
    const message = range instanceof PromqlError ? range.message : ''
    if (!instants.some((one) => one instanceof PromqlError)) {
      // Series that share labels at different instants only are told apart by the range alone.
      expect(message, query).to.match(/same labelset/)
    }
    return
  }
  instants.forEach((instant, step) => {
    expect(
      cellsOfRange(range, START_MS + step * STEP_MS),
      `${query} at step ${step}`,
    ).to.deep.equal(cellsOfInstant(instant as QueryResult))
  })
}

function attempt<Answer>(evaluate: () => Answer): Answer | PromqlError {
  try {
    return evaluate()
  } catch (error) {
    if (error instanceof PromqlError) return error
    throw error
  }
}

function cellsOfInstant({ value }: QueryResult): string[] {
  if (value.type !== 'vector') throw new TypeError('a vector was expected')
  return value.samples
    .map((one) => `${one.labels} ${one.histogram ? showHistogram(one.histogram) : show(one.value)}`)
    .sort()
}

function cellsOfRange({ value }: QueryResult, timeMs: number): string[] {
  if (value.type !== 'matrix') throw new TypeError('a matrix was expected')
  return value.series
    .flatMap((one) => {
      const float = one.times.indexOf(timeMs)
      if (float !== -1) return [`${one.labels} ${show(one.values[float]!)}`]
      const histogram = one.histogramTimes.indexOf(timeMs)
      return histogram === -1 ? [] : [`${one.labels} ${showHistogram(one.histograms[histogram]!)}`]
    })
    .sort()
}

function show(value: number): string {
  // Windows read at once and one by one may add up in another order.
  return almostEqual(value, 0) ? '0' : value.toPrecision(9)
}

function showHistogram(histogram: { count: number; sum: number }): string {
  return `histogram ${show(histogram.count)} ${show(histogram.sum)}`
}

function shape(tree: unknown): string {
  return JSON.stringify(tree, (key, value) => (key === 'span' ? undefined : value))
}
