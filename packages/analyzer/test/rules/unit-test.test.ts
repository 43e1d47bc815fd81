import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { formatUnitTestResult, runUnitTests } from '../../src/rules/unit-test.ts'
import { createTestWorld } from '../../src/test-rules.ts'
import { memoryEngine } from './engine.ts'

const RULES = `
groups:
  - name: example
    interval: 5m
    rules:
      - record: job:up:sum
        expr: sum by (job) (up)
      - record: latency:rate2m
        expr: rate(latency[2m])
        labels: { kind: made }
      - record: latency:count
        expr: histogram_count(latency:rate2m) * 60
      - alert: InstanceDown
        expr: up == 0
        for: 5m
        labels: { severity: page }
        annotations:
          summary: 'Instance {{ $labels.instance }} down ({{ $externalLabels.region }})'
      - alert: Absent
        expr: absent(up{job="missing"}) and on () job:up:sum{job="prometheus"} == 0
      - alert: Level
        expr: counter > 30
        for: 2m
        labels: { severity: warning }
      - alert: Level
        expr: counter > 60
        for: 2m
        labels: { severity: critical }
      - alert: Whole
        expr: latency
        annotations: { value: '{{ $value }}' }
  - name: late
    rules:
      - alert: Nobody
        expr: job:up:sum == 0 and ALERTS{alertname="InstanceDown"}
`

const SERIES = `
    input_series:
      - series: 'up{job="prometheus", instance="localhost:9090"}'
        values: '0 0 0 0 0 0 0 0 0 0 0 0 0 0 0'
      - series: 'up{job="node", instance="a"}'
        values: '1+0x6 0x5 _ stale 1'
      - series: counter
        values: '0+10x14'
      - series: latency
        values: '{{count:4 sum:9 buckets:[1 2 1]}}+{{count:4 sum:9 buckets:[0 1 3]}}x3'
`

/** Test files with whether they pass. */
const FILES: readonly (readonly [name: string, passes: boolean, tests: string])[] = [
  [
    'alerts that fire',
    true,
    `
    alert_rule_test:
      - eval_time: 10m
        alertname: InstanceDown
        exp_alerts:
          - exp_labels: { severity: page, instance: 'localhost:9090', job: prometheus }
            exp_annotations: { summary: 'Instance localhost:9090 down (eu)' }
      - eval_time: 4m59s
        alertname: InstanceDown
      - eval_time: 12m30s
        alertname: InstanceDown
        exp_alerts:
          - exp_labels: { severity: page, instance: a, job: node }
            exp_annotations: { summary: 'Instance a down (eu)' }
          - exp_labels: { severity: page, instance: 'localhost:9090', job: prometheus }
            exp_annotations: { summary: 'Instance localhost:9090 down (eu)' }
    external_labels: { region: eu }`,
  ],
  [
    'expressions',
    true,
    `
    promql_expr_test:
      - expr: job:up:sum
        eval_time: 3m
        exp_samples:
          - { labels: 'job:up:sum{job="node"}', value: 1 }
          - { labels: 'job:up:sum{job="prometheus"}', value: 0 }
      - expr: up{job="node"}
        eval_time: 14m
        exp_samples: []
      - expr: sum(counter) / 2
        eval_time: 10m
        exp_samples: [{ labels: '{}', value: 5e1 }]
      - expr: ALERTS{alertname="InstanceDown",alertstate="firing",instance="a"}
        eval_time: 12m
        exp_samples: [{ labels: 'ALERTS{alertname="InstanceDown",alertstate="firing",instance="a",job="node",severity="page"}', value: 1 }]
      - expr: 42
        eval_time: 1m
        exp_samples: [{ value: 42 }]`,
  ],
  [
    'an alert that does not fire',
    false,
    `
    alert_rule_test:
      - eval_time: 3m
        alertname: InstanceDown
        exp_alerts: [{ exp_labels: { severity: page, instance: 'localhost:9090', job: prometheus } }]`,
  ],
  [
    'another annotation',
    false,
    `
    alert_rule_test:
      - eval_time: 10m
        alertname: InstanceDown
        exp_alerts: [{ exp_labels: { severity: page, instance: 'localhost:9090', job: prometheus }, exp_annotations: { summary: no } }]`,
  ],
  [
    'an alert that is not expected',
    false,
    `
    alert_rule_test: [{ eval_time: 10m, alertname: InstanceDown, exp_alerts: [] }]`,
  ],
  [
    'another value',
    false,
    `
    promql_expr_test: [{ expr: job:up:sum{job="node"}, eval_time: 3m, exp_samples: [{ labels: 'job:up:sum{job="node"}', value: 2 }] }]`,
  ],
  [
    'a query that cannot be read',
    false,
    `
    promql_expr_test: [{ expr: 'sum(', eval_time: 3m, exp_samples: [] }]`,
  ],
  [
    'a native histogram, with the hint that storage gives it',
    true,
    `
    promql_expr_test:
      - { expr: latency, eval_time: 1m, exp_samples: [{ labels: 'latency', histogram: '{{count:8 sum:18 counter_reset_hint:not_reset buckets:[1 3 4]}}' }] }
      - { expr: 'histogram_count(latency)', eval_time: 0, exp_samples: [{ value: 4 }] }`,
  ],
  [
    'a native histogram that a rule makes, read by the next rule, and its end',
    true,
    `
    promql_expr_test:
      - { expr: latency:rate2m * 60, eval_time: 3m, exp_samples: [{ labels: '{kind="made"}', histogram: '{{count:4 sum:9 counter_reset_hint:gauge buckets:[0 1 3]}}' }] }
      - { expr: latency:rate2m, eval_time: 8m, exp_samples: [] }
      - { expr: latency:count, eval_time: 3m, exp_samples: [{ labels: 'latency:count{kind="made"}', value: 4 }] }`,
  ],
  [
    'an alert on a native histogram: its value is 0, its text the histogram',
    true,
    `
    alert_rule_test:
      - eval_time: 3m
        alertname: Whole
        exp_alerts: [{ exp_annotations: { value: '{count:16, sum:36, (0.5,1]:1, (1,2]:5, (2,4]:10}' } }]
    promql_expr_test:
      - { expr: 'ALERTS{alertname="Whole"}', eval_time: 3m, exp_samples: [{ labels: 'ALERTS{alertname="Whole",alertstate="firing"}', value: 1 }] }`,
  ],
  [
    'alerts of one name and two severities, each of which counts for itself',
    true,
    `
    alert_rule_test:
      - { eval_time: 8m, alertname: Level, exp_alerts: [{ exp_labels: { severity: warning } }] }
      - { eval_time: 9m, alertname: Level, exp_alerts: [{ exp_labels: { severity: warning } }, { exp_labels: { severity: critical } }] }`,
  ],
  [
    'another native histogram',
    false,
    `
    promql_expr_test:
      - { expr: latency, eval_time: 0, exp_samples: [{ labels: 'latency', histogram: '{{count:4 sum:9 buckets:[1 2 2]}}' }] }`,
  ],
  [
    'a histogram that is none',
    false,
    `
    promql_expr_test: [{ expr: latency, eval_time: 0, exp_samples: [{ histogram: '{{counts:4}}' }] }]`,
  ],
]

describe('rule tests', () => {
  let directory = ''

  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'chokepoint-unit-test-'))
    writeFileSync(join(directory, 'rules.yml'), RULES)
  })

  after(() => rmSync(directory, { recursive: true }))

  function run(content: string) {
    return runUnitTests(content, 'test.yml', {
      parse: memoryEngine().parse,
      createWorld: createTestWorld,
      findFiles: (pattern) => globSync(join(directory, pattern)).sort(),
      readFile: (file) => readFileSync(file, 'utf8'),
    })
  }

  const fileOf = (tests: string) =>
    `rule_files: ['rules.yml']\nevaluation_interval: 1m\ngroup_eval_order: [example, late]\ntests:\n  - interval: 1m${SERIES}${tests}\n`

  for (const [name, passes, tests] of FILES) {
    it(`${passes ? 'pass' : 'fail'} for ${name}`, () => {
      const { failures } = run(fileOf(tests))
      if (passes) expect(failures).to.deep.equal([])
      else expect(failures).to.have.length(1)
    })
  }

  it('report as promtool does', () => {
    const result = run(fileOf(FILES[4]?.[2] ?? ''))
    expect(formatUnitTestResult('test.yml', result)).to.equal(`Unit Testing:  test.yml
  FAILED:
    alertname: InstanceDown, time: 10m, 
        exp:[], 
        got:[
            0:
              Labels:{alertname="InstanceDown", instance="localhost:9090", job="prometheus", severity="page"}
              Annotations:{summary="Instance localhost:9090 down ()"}
            ]
`)
    expect(formatUnitTestResult('test.yml', { tests: 1, failures: [] })).to.equal(
      'Unit Testing:  test.yml\n  SUCCESS\n',
    )
  })

  for (const [content, problem] of [
    ['test: []', 'test.yml:1:1: test: expected a known key, got test; did you mean tests?'],
    ['rule_files: [none.yml]', 'cannot find a rule file by "none.yml"'],
    [
      'rule_files: [rules.yml]\ngroup_eval_order: [x]',
      'group_eval_order names "x", which is no group of the rule files',
    ],
    [
      'tests: [{ input_series: [{ series: "a{", values: "1" }] }]',
      '    cannot read "a{": expected a series such as name{label="value"}',
    ],
    [
      'tests: [{ input_series: [{ series: a, values: "1 x" }] }]',
      '    cannot read "x": expected a value such as 1, 1+2x3, _, _x5 or stale',
    ],
    [
      'tests: [{ input_series: [{ series: a, values: 1x999999999 }] }]',
      '    cannot read "1x999999999": more than 1000000 values',
    ],
  ] as const) {
    it(`say: ${problem.trim()}`, () => expect(run(content).failures).to.deep.equal([problem]))
  }

  // Debian's is too old to read native histograms.
  const promtool = new URL('../../../../.cache/stack/bin/promtool', import.meta.url).pathname
  const why = existsSync(promtool) ? '' : ' (skipped: no .cache/stack/bin/promtool)'

  it(`pass and fail where promtool does${why}`, function () {
    if (why !== '') this.skip()
    const verdicts = FILES.map(([name, , tests]) => {
      writeFileSync(join(directory, 'test.yml'), fileOf(tests))
      try {
        execFileSync(promtool, ['test', 'rules', 'test.yml'], { cwd: directory, stdio: 'pipe' })
        return [name, true]
      } catch {
        return [name, false]
      }
    })
    expect(verdicts).to.deep.equal(FILES.map(([name, passes]) => [name, passes]))
  })
})
