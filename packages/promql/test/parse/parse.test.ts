import { PromqlError, parse, print } from '@chokepoint/promql'
import { expect } from 'chai'

/** Queries that do not parse, and what Prometheus says of them. */
const ERRORS: readonly (readonly [query: string, message: string])[] = [
  ['', '1:1: parse error: no expression found in input'],
  ['1+', '1:3: parse error: unexpected end of input'],
  ['(1', '1:3: parse error: unclosed left parenthesis'],
  ['foo{', '1:5: parse error: unexpected end of input inside braces'],
  ['foo{a="b', '1:7: parse error: unterminated quoted string'],
  ['foo{a=}', '1:7: parse error: unexpected "}" in label matching, expected string'],
  [
    'foo{a}',
    '1:6: parse error: unexpected "}" in label matching, expected label matching operator',
  ],
  ['foo{1}', "1:5: parse error: unexpected character inside braces: '1'"],
  ['foo[5m', '1:7: parse error: unexpected end of input in duration expression'],
  ['foo[5mm]', '1:5: parse error: bad number or duration syntax: "5mm"'],
  ['foo[5m1h]', '1:5: parse error: not a valid duration string: "5m1h"'],
  ['foo[0m]', '1:5: parse error: duration must be greater than 0'],
  [
    'foo[5m] offset',
    '1:15: parse error: unexpected end of input in offset, expected number, duration, step(), or range()',
  ],
  ['1 =~ 1', "1:3: parse error: unexpected character after '=': '~'"],
  ['1 == 1', '1:3: parse error: comparisons between scalars must use BOOL modifier'],
  ['foo + bool bar', '1:5: parse error: bool modifier can only be used on comparison operators'],
  ['foo bool', '1:5: parse error: unexpected <bool>'],
  ['nope(1)', '1:1: parse error: unknown function with name "nope"'],
  [
    'rate(foo)',
    '1:6: parse error: expected type range vector in call to function "rate", got instant vector',
  ],
  ['floor()', '1:1: parse error: expected 1 argument(s) in call to "floor", got 0'],
  [
    'topk(foo)',
    '1:1: parse error: wrong number of arguments for aggregate expression provided, expected 2, got 1',
  ],
  ['sum(a) by', '1:10: parse error: unexpected end of input in grouping opts, expected "("'],
  ['{}', '1:1: parse error: vector selector must contain at least one non-empty matcher'],
  ['foo{__name__="bar"}', '1:1: parse error: metric name must not be set twice: "foo" or "bar"'],
  ['a or on(x) group_left b', '1:1: parse error: no grouping allowed for "or" operation'],
  ['foo @ inf', '1:1: parse error: timestamp out of bounds for @ modifier: +Inf'],
  ['foo\n  + }', "2:5: parse error: unexpected character: '}'"],
]

/** Queries and the same with all their parentheses. */
const PRECEDENCE: readonly (readonly [query: string, explicit: string])[] = [
  ['-1 ^ 2', '-(1 ^ 2)'],
  ['2 ^ 3 ^ 2', '2 ^ (3 ^ 2)'],
  ['1 + 2 * 3 ^ 2', '1 + (2 * (3 ^ 2))'],
  ['a - b - c', '(a - b) - c'],
  ['a or b and c', 'a or (b and c)'],
  ['a + b offset 5m * c', 'a + ((b offset 5m) * c)'],
  ['a * b @ 5 - c', '(a * (b @ 5)) - c'],
  ['-a ^ 2', '-(a ^ 2)'],
  ['-a * b', '(-a) * b'],
  ['a == bool b + 1', 'a == bool (b + 1)'],
]

describe('parse', () => {
  for (const [query, message] of ERRORS) {
    it(`says where ${JSON.stringify(query)} is wrong`, () => {
      expect(() => parse(query)).to.throw(PromqlError, message)
      try {
        parse(query)
      } catch (error) {
        expect((error as PromqlError).message).to.equal(message)
        expect((error as PromqlError).code).to.equal('parse_error')
        expect((error as PromqlError).position).to.be.an('object')
      }
    })
  }

  for (const [query, explicit] of PRECEDENCE) {
    it(`reads ${query} as ${explicit}`, () => {
      expect(shape(query)).to.equal(shape(explicit))
    })
  }

  it('refuses what is experimental unless asked to allow it', () => {
    expect(() => parse('limitk(2, foo)')).to.throw(/limitk\(\) is experimental and must be enabled/)
    expect(() => parse('info(foo)')).to.throw('1:1: parse error: function "info" is not enabled')
    expect(() => parse('rate(foo[5m] smoothed)')).to.throw(/smoothed modifier is experimental/)
    expect(() => parse('a + fill(0) b')).to.throw(/binop fill modifiers are experimental/)
    expect(() => parse('max_of(1, 2)')).to.throw(/function "max_of" is not enabled/)
    expect(print(parse('max_of(1, 2)', { experimental: true }))).to.equal('max_of(1, 2)')
  })

  it('reads UTF-8 names in quotes', () => {
    expect(print(parse('{"höhe.meter", "ort.name"="Zürich"}'))).to.equal(
      '{"ort.name"="Zürich",__name__="höhe.meter"}',
    )
  })

  it('reads numbers as Prometheus does', () => {
    const values = ['0x1f', '017', '1_000', '1e3', '.5', '5.', 'Inf', '1h30m'].map((text) => {
      const expr = parse(text)
      return expr.kind === 'number' ? expr.value : undefined
    })
    expect(values).to.deep.equal([31, 15, 1000, 1000, 0.5, 5, Infinity, 5400])
  })

  it('refuses nesting without end', () => {
    const deep = `${'('.repeat(2000)}1${')'.repeat(2000)}`
    expect(() => parse(deep)).to.throw(PromqlError, /nested more than/)
    const long = Array(3000).fill('a').join(' or ')
    expect(() => parse(long)).to.throw(PromqlError, /more than 500 operators in a row/)
    const grouped = Array(3)
      .fill(`(${Array(400).fill('a').join(' or ')})`)
      .join(' or ')
    expect(parse(grouped).kind).to.equal('binary')
  })
})

/** A query's tree without its parentheses and positions. */
function shape(query: string): string {
  return JSON.stringify(strip(parse(query)))
}

function strip(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(strip)
  if (typeof value !== 'object' || value === null) return value
  const node = value as Record<string, unknown>
  if (node.kind === 'paren') return strip(node.expr)
  return Object.fromEntries(
    Object.entries(node)
      .filter(([key]) => key !== 'span')
      .map(([key, inner]) => [key, strip(inner)]),
  )
}
