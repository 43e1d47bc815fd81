import fc from 'fast-check'

// Random queries over the metrics that the property tests load: floats `f`, `g`, counters `c`,
// native histograms `h`, classic buckets `b_bucket`.

const selector = fc
  .tuple(
    fc.constantFrom('f', 'g', 'c', 'h'),
    fc.constantFrom('', '{l="a"}', '{l!="a"}', '{l=~"a|b"}', '{x=""}'),
    fc.constantFrom('', '', '', ' offset 1m', ' offset -30s', ' @ 300', ' @ 240 offset 1m'),
  )
  .map((parts) => parts.join(''))

const range = fc
  .tuple(
    fc.constantFrom('f', 'c', 'h', 'g{l="b"}'),
    fc.constantFrom('1m', '90s', '5m', '20s'),
    fc.constantFrom('', '', ' offset 30s', ' @ 400'),
  )
  .map(([metric, span, modifier]) => `${metric}[${span}]${modifier}`)

const scalar = fc.constantFrom('0', '1', '2.5', '-3', '1e3', 'time()', 'scalar(f{l="a"})', 'NaN')

/** Instant-vector expressions, nested to a depth. */
export const vectorExpression: fc.Arbitrary<string> = fc.letrec<{ vector: string }>((tie) => {
  const inner = tie('vector')
  return {
    vector: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      selector,
      fc
        .tuple(
          fc.constantFrom(
            'rate',
            'increase',
            'delta',
            'irate',
            'sum_over_time',
            'max_over_time',
            'avg_over_time',
            'last_over_time',
            'changes',
            'resets',
            'deriv',
            'stddev_over_time',
            'count_over_time',
          ),
          range,
        )
        .map(([fn, arg]) => `${fn}(${arg})`),
      fc
        .tuple(
          fc.constantFrom(
            'abs',
            '-',
            'ceil',
            'sgn',
            'timestamp',
            'histogram_count',
            'histogram_sum',
            'absent',
          ),
          inner,
        )
        .map(([fn, arg]) => `${fn}(${arg})`),
      fc
        .tuple(
          fc.constantFrom('sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar'),
          fc.constantFrom('', ' by (l)', ' without (l)', ' by (x, l)'),
          inner,
        )
        .map(([op, by, arg]) => `${op}${by} (${arg})`),
      fc
        .tuple(
          fc.constantFrom('topk', 'bottomk', 'quantile'),
          fc.constantFrom('1', '2', '0.5'),
          inner,
        )
        .map(([op, k, arg]) => `${op}(${k}, ${arg})`),
      fc
        .tuple(
          inner,
          fc.constantFrom('+', '-', '*', '/', '%', '^', '>', '<=', '== bool', 'atan2'),
          scalar,
        )
        .map(([left, op, right]) => `(${left}) ${op} ${right}`),
      fc
        .tuple(
          inner,
          fc.constantFrom('and', 'or', 'unless', 'and on (l)', 'or ignoring (x)'),
          inner,
        )
        .map(([left, op, right]) => `(${left}) ${op} (${right})`),
      fc
        .tuple(
          fc.constantFrom('f', 'c', 'g'),
          fc.constantFrom('+', '/', '>', '!= bool'),
          fc.constantFrom('', ' on (l, x)', ' ignoring (z)'),
          fc.constantFrom('g', 'f', 'c'),
        )
        .map(([left, op, matching, right]) => `${left} ${op}${matching} ${right}`),
      fc
        .tuple(inner, fc.constantFrom('[2m:30s]', '[1m:]', '[90s:20s] offset 30s'))
        .map(([arg, span]) => `max_over_time((${arg})${span})`),
      inner.map((arg) => `label_replace(${arg}, "z", "$1", "l", "(.*)")`),
      inner.map((arg) => `histogram_quantile(0.9, ${arg})`),
    ),
  }
}).vector
