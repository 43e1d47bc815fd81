import {
  createEngine,
  type EngineOptions,
  MemorySource,
  PromqlError,
  type SeriesSource,
} from '@chokepoint/promql'
import { expect } from 'chai'

function requests(): MemorySource {
  const source = new MemorySource()
  for (let i = 0; i <= 40; i++) {
    for (const route of ['/a', '/b', '/c']) {
      source.add({ __name__: 'requests_total', route }, i * 15_000, i * 30)
    }
  }
  return source
}

function failure(
  options: EngineOptions,
  query: string,
  source: SeriesSource = requests(),
): PromqlError {
  try {
    createEngine(options).range(source, query, 0, 600_000, 15_000)
  } catch (error) {
    if (error instanceof PromqlError) return error
    throw error
  }
  throw new Error(`${query} did not fail`)
}

describe('an engine', () => {
  it('gives each type of value', () => {
    const engine = createEngine()
    const source = requests()
    expect(engine.instant(source, '1 + 1', 5).value).to.deep.equal({
      type: 'scalar',
      timeMs: 5,
      value: 2,
    })
    expect(engine.instant(source, '"x"', 5).value).to.deep.equal({
      type: 'string',
      timeMs: 5,
      value: 'x',
    })
    expect(engine.instant(source, 'requests_total', 600_000).value).to.have.property(
      'type',
      'vector',
    )
    expect(engine.instant(source, 'requests_total[1m]', 600_000).value).to.have.property(
      'type',
      'matrix',
    )
  })

  it('ends a query that holds more samples than allowed', () => {
    const error = failure({ limits: { samplesMax: 50 } }, 'requests_total')
    expect(error.code).to.equal('too_many_samples')
    expect(error.message).to.equal(
      'query processing would load too many samples into memory in query execution: more than 50',
    )
  })

  it('frees what a query held once it has failed', () => {
    const engine = createEngine({ limits: { samplesMax: 200 } })
    const source = requests()
    for (let i = 0; i < 5; i++) {
      expect(() =>
        engine.range(source, 'requests_total + requests_total * 2', 0, 600_000, 5000),
      ).to.throw()
      expect(engine.instant(source, 'requests_total', 600_000).value).to.have.property(
        'type',
        'vector',
      )
    }
  })

  it('ends a query whose selector matches more series than allowed', () => {
    const error = failure({ limits: { seriesMax: 2 } }, 'sum(requests_total)')
    expect(error.code).to.equal('too_many_series')
    expect(error.message).to.match(/a selector matches more than the 2 that are allowed$/)
  })

  it('ends a query with more steps than allowed', () => {
    expect(failure({ limits: { stepsMax: 10 } }, 'vector(1)').code).to.equal('too_many_samples')
    const subquery = failure({ limits: { stepsMax: 1000 } }, 'max_over_time(vector(1)[1d:1s])')
    expect(subquery.message).to.match(/steps, at most 1000 are allowed$/)
  })

  it('ends a query whose time is over, by the clock it is given', () => {
    let now = 0
    const error = failure(
      { limits: { timeoutMs: 100 }, now: () => (now += 200) },
      'sum(requests_total) + sum(requests_total)',
    )
    expect(error.code).to.equal('timeout')
    expect(error.message).to.equal('query timed out in expression evaluation')
  })

  it('refuses ranges that cannot be', () => {
    const engine = createEngine()
    const source = requests()
    expect(() => engine.range(source, '1', 0, 10, 0)).to.throw(/step widths are not accepted/)
    expect(() => engine.range(source, '1', 10, 0, 1)).to.throw(
      'end timestamp must not be before start time',
    )
    expect(() => engine.range(source, 'requests_total[1m]', 0, 10, 1)).to.throw(
      'invalid expression type "range vector" for range query, must be Scalar or instant Vector',
    )
  })

  it('says what may be wrong with a result, and where', () => {
    const source = new MemorySource()
    for (let i = 0; i < 5; i++) source.add({ __name__: 'temperature' }, i * 15_000, i)
    const { infos, warnings } = createEngine().instant(source, 'rate(temperature[1m])', 60_000)
    expect(warnings).to.deep.equal([])
    expect(infos).to.deep.equal([
      'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "temperature" (1:6)',
    ])
  })

  it('makes one pass over a series for any number of steps', () => {
    let reads = 0
    const inner = requests()
    const source: SeriesSource = {
      select: (matchers, fromMs, toMs) =>
        inner.select(matchers, fromMs, toMs).map((series) => ({
          labels: series.labels,
          read: (from, to, into) => {
            reads++
            series.read(from, to, into)
          },
        })),
    }
    createEngine().range(source, 'rate(requests_total[5m])', 300_000, 600_000, 1000)
    expect(reads).to.equal(3)
  })

  it('does not hang on a regular expression that backtracking engines choke on', () => {
    const source = new MemorySource()
    source.add({ __name__: 'm', l: `${'a'.repeat(60)}!` }, 0, 1)
    const { value } = createEngine().instant(source, 'm{l=~"(a+)+b"}', 0)
    expect(value).to.have.property('samples').that.deep.equals([])
  })
})

describe('a query over many series and steps', () => {
  it('is refused before its memory is asked for', () => {
    const source = new MemorySource()
    for (let i = 0; i < 300; i++) source.add({ __name__: 'm', l: String(i) }, 0, i)
    const engine = createEngine({ limits: { samplesMax: Infinity } })
    expect(() => engine.range(source, 'm', 0, 800_000_000, 1000)).to.throw(
      PromqlError,
      /too many samples into memory in query execution: \d+ series at 800001 steps/,
    )
  })
})
