import { parse as parsePromql } from '@chokepoint/promql'
import { expect } from 'chai'
import { type ParseFunc, parseRuleFile } from '../../src/rules/rule-file.ts'
import { seeded } from './seeded.ts'

/** Stands for the PromQL parser: what has a question mark is no PromQL. */
function parse(expression: string): void {
  if (expression.includes('?')) throw new Error('1:1: parse error: unexpected character: ?')
}

function problemsOf(text: string, parseFunc: ParseFunc = parse): readonly string[] {
  try {
    parseRuleFile(text, 'rules.yml', { parse: parseFunc })
    return []
  } catch (error) {
    return (error as Error).message.split('\n')
  }
}

const GOOD = `
groups:
  - name: node
    interval: 30s
    limit: 10
    query_offset: 1m
    labels: { team: core }
    rules:
      - record: job:load:mean
        expr: avg by (job) (load)
      - alert: High
        expr: job:load:mean > 0.9
        for: 5m
        keep_firing_for: 1h30m
        labels: { severity: page, team: web }
        annotations:
          summary: "{{ $labels.job }} is at {{ $value | humanizePercentage }}"
`

describe('rule files', () => {
  it('reads groups with recording and alerting rules', () => {
    expect(parseRuleFile(GOOD, 'rules.yml', { parse })).to.deep.equal([
      {
        file: 'rules.yml',
        name: 'node',
        intervalMs: 30_000,
        queryOffsetMs: 60_000,
        limit: 10,
        rules: [
          {
            kind: 'recording',
            name: 'job:load:mean',
            expression: 'avg by (job) (load)',
            labels: { team: 'core' },
          },
          {
            kind: 'alerting',
            name: 'High',
            expression: 'job:load:mean > 0.9',
            forMs: 300_000,
            keepFiringForMs: 5_400_000,
            labels: { team: 'web', severity: 'page' },
            annotations: { summary: '{{ $labels.job }} is at {{ $value | humanizePercentage }}' },
          },
        ],
      },
    ])
  })

  it('reads files without groups or rules as Prometheus does', () => {
    for (const text of ['', 'groups:', '# nothing', 'groups: []']) {
      expect(parseRuleFile(text, 'rules.yml', { parse }), text).to.deep.equal([])
    }
    expect(problemsOf('groups: [{ name: empty }, { name: none, rules: }]')).to.deep.equal([])
  })

  const bad: readonly (readonly [text: string, problem: string])[] = [
    ['groups: 4', 'rules.yml:1:9: groups: expected a list, got "4"'],
    ['group: []', 'rules.yml:1:1: group: expected a known key, got group; did you mean groups?'],
    [
      'groups:\n  - rules: []',
      'rules.yml:2:5: groups[0].name: expected a text that is not empty, got nothing',
    ],
    [
      'groups: [{ name: a }, { name: a }]',
      'rules.yml:1:31: groups[1].name: expected a group name used once, got "a" again',
    ],
    [
      GOOD.replace('avg by', 'avg ?by'),
      'rules.yml:10:15: groups[0].rules[0].expr: expected PromQL, got an error: 1:1: parse error: unexpected character: ?',
    ],
    [
      GOOD.replace('for: 5m', 'for: 5 minutes'),
      'rules.yml:13:14: groups[0].rules[1].for: expected a duration such as 500ms, 30s or 1h30m, got "5 minutes"',
    ],
    [
      GOOD.replace('annotations:', 'anotations:'),
      'rules.yml:16:9: groups[0].rules[1].anotations: expected a known key, got anotations; did you mean annotations?',
    ],
    [
      GOOD.replace('| humanizePercentage', '| humanise'),
      'rules.yml:17:20: groups[0].rules[1].annotations.summary: expected a template, got an error: template:1:37: function "humanise" not defined',
    ],
    [
      GOOD.replace('- alert: High', '- record: x\n        alert: High'),
      'rules.yml:11:17: groups[0].rules[1].record: expected alert or record, got both',
    ],
    [
      GOOD.replace('alert: High', 'record: high'),
      'rules.yml:13:14: groups[0].rules[1].for: expected no for in a recording rule, got one',
    ],
    [
      GOOD.replace('- record: job:load:mean\n       ', '-'),
      'rules.yml:9:9: groups[0].rules[0]: expected alert or record, got neither',
    ],
    [
      GOOD.replace('team: web', '__name__: web'),
      'rules.yml:15:35: groups[0].rules[1].labels.__name__: expected a label name, got "__name__"',
    ],
    [
      GOOD.replace('limit: 10', 'limit: -1'),
      'rules.yml:5:12: groups[0].limit: expected a whole number of at least 0, got "-1"',
    ],
    [
      GOOD.replace('for: 5m', 'resolve_threshold: 0.7').replace('> 0.9', 'and up'),
      'rules.yml:13:28: groups[0].rules[1].resolve_threshold: expected an expression that it fits, got an error: the expression must end in a comparison with a number, such as … > 0.9, so that its level can be told',
    ],
    ['groups:\n  - name: a\n   rules: []', 'rules.yml:3:1: cannot read YAML: '],
  ]
  for (const [text, problem] of bad) {
    it(`says: ${problem}`, () => {
      expect(problemsOf(text).join('\n')).to.include(problem)
    })
  }

  it('tells all problems of a file at once', () => {
    const text = GOOD.replace('for: 5m', 'for: x').replace('interval: 30s', 'interval: y')
    expect(problemsOf(text)).to.have.length(2)
  })

  it('neither crashes nor hangs on 10,000 mutated files, and says where each is wrong', () => {
    const rounds = 10_000
    const random = seeded(rounds)
    const pick = (count: number) => Math.floor(random() * count)
    const pieces = [
      '{{',
      '}}',
      '{{ end }}',
      '{{ range query "x" }}',
      '"',
      "'",
      '- ',
      '\n',
      '  ',
      ': ',
      '&a ',
      '*a',
      '[',
      ']',
      '{',
      '}',
      '|',
      '>',
      '!!x ',
      '\t',
      '\u0000',
      '💥',
      '%',
      '? ',
      '#',
      '<<: *a',
    ]
    let accepted = 0
    // Half of the time would be stack traces that nobody reads.
    const traced = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    for (let round = 0; round < rounds; round++) {
      let text = GOOD
      for (let change = pick(3); change >= 0; change--) {
        const at = pick(text.length)
        const cut = pick(4) === 0 ? pick(20) : 0
        text = text.slice(0, at) + (pieces[pick(pieces.length)] ?? '') + text.slice(at + cut)
      }
      const problems = problemsOf(text, parsePromql)
      if (problems.length === 0) accepted++
      for (const problem of problems) expect(problem, text).to.match(/^rules\.yml:\d+:\d+: ./)
    }
    Error.stackTraceLimit = traced
    expect(accepted).to.be.within(0.05 * rounds, 0.9 * rounds)
  }).timeout(120_000)
})
