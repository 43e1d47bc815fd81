import { parse, prettyPrint, print } from '@chokepoint/promql'
import { expect } from 'chai'

/** Queries and how Prometheus prints them. */
const PRINTED: readonly (readonly [query: string, printed: string])[] = [
  ['sum by()(task:errors:rate10s{job="s"})', 'sum(task:errors:rate10s{job="s"})'],
  ['sum(foo)by(code)', 'sum by (code) (foo)'],
  ['sum without() (foo)', 'sum without () (foo)'],
  ['topk(5, foo)', 'topk(5, foo)'],
  ['a - ON(b) c', 'a - on (b) c'],
  ['a - IGNORING() c', 'a - c'],
  ['a - ON(b) GROUP_LEFT(x) c', 'a - on (b) group_left (x) c'],
  ['up > BOOL 0', 'up > bool 0'],
  ['a[1h:5m] offset 1m', 'a[1h:5m] offset 1m'],
  ['a offset -7m', 'a offset -7m'],
  ['a[5m] @ 10 offset 1m', 'a[5m] @ 10.000 offset 1m'],
  ['{__name__="a"}', '{__name__="a"}'],
  ['a{b!="c",a="x"}', 'a{a="x",b!="c"}'],
  ['1w2d', '9d'],
  ['1e6', '1000000'],
]

describe('print', () => {
  for (const [query, printed] of PRINTED) {
    it(`writes ${query} as ${printed}`, () => {
      expect(print(parse(query))).to.equal(printed)
    })
  }

  it('splits long queries over lines', () => {
    const query =
      'sum by (job) (rate(http_request_duration_seconds_bucket{route="/checkout"}[5m])) / on (job) group_left () sum(up)'
    expect(prettyPrint(parse(query))).to.equal(
      [
        '  sum by (job) (rate(http_request_duration_seconds_bucket{route="/checkout"}[5m]))',
        '/ on (job) group_left ()',
        '  sum(up)',
      ].join('\n'),
    )
  })
})
