import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { stringify } from 'yaml'
import { parseRuleFile } from '../../src/rules/rule-file.ts'
import { createRuleManager } from '../../src/rules/rule-manager.ts'
import { formatLabels, parseSeriesValues } from '../../src/rules/series-notation.ts'
import { memoryEngine } from './engine.ts'
import { seeded } from './seeded.ts'

const MINUTE = 60_000
const MINUTES = 90

/** Rules with every mix of `for` and `keep_firing_for`, and one that reads the alerts of another. */
const RULES = stringify({
  groups: [
    {
      name: 'g',
      rules: [
        ...['0s', '2m', '5m'].flatMap((hold) =>
          ['0s', '3m'].map((keep) => ({
            alert: `High_${hold}_${keep}`,
            expr: 'load > 0',
            for: hold,
            keep_firing_for: keep,
            labels: { severity: 'page', level: '{{ $value }}' },
          })),
        ),
        { record: 'load:sum', expr: 'sum(load)' },
        {
          alert: 'Both',
          expr: 'load:sum > 2 unless on () ALERTS{alertname="High_5m_0s", alertstate="firing"}',
        },
        { alert: 'Gone', expr: 'absent(load{host="a"})', for: '1m' },
      ],
    },
  ],
})

/**
 * Values of one host: runs of high and low, with gaps and ends. Gaps stay under the lookback of 5 minutes:
 * at its very end Prometheus 2, which Debian has, still sees a sample that Prometheus 3 does not.
 */
function randomValues(random: () => number): string {
  const items: string[] = []
  for (let count = 0; count < MINUTES; ) {
    const length = 1 + Math.floor(random() * 7)
    items.push(`${random() < 0.5 ? 1 : 0}x${length}`)
    const kind = random()
    if (kind < 0.1) items.push(`_x${1 + Math.floor(random() * 3)}`)
    else if (kind < 0.2) items.push('stale')
    count += length
  }
  return items.join(' ')
}

describe('alerting rules', () => {
  const promtool = ['/usr/bin/promtool', '/usr/local/bin/promtool'].find(existsSync)

  it("have the states of Prometheus' at every minute, over random series", function () {
    if (promtool === undefined) this.skip()
    const directory = mkdtempSync(join(tmpdir(), 'chokepoint-alerting-'))
    writeFileSync(join(directory, 'rules.yml'), RULES)
    const tests = [1, 2, 3].map((seed) => {
      const random = seeded(seed)
      const series = ['a', 'b', 'c'].map((host) => ({ host, values: randomValues(random) }))
      return {
        interval: '1m',
        input_series: series.map(({ host, values }) => ({
          series: `load{host="${host}"}`,
          values,
        })),
        promql_expr_test: statesOf(series),
      }
    })
    const asked = tests.flatMap(({ promql_expr_test }) => promql_expr_test)
    expect(asked.flatMap(({ exp_samples }) => exp_samples).length).to.be.greaterThan(3000)
    writeFileSync(
      join(directory, 'test.yml'),
      stringify({ rule_files: ['rules.yml'], evaluation_interval: '1m', tests }),
    )
    try {
      execFileSync(promtool, ['test', 'rules', 'test.yml'], { cwd: directory, stdio: 'pipe' })
    } catch (error) {
      throw new Error(
        String((error as { stderr: Buffer }).stderr)
          .trim()
          .slice(0, 3000),
      )
    } finally {
      rmSync(directory, { recursive: true })
    }
  })

  /** What our rules made of the series, as what promtool is to find. */
  function statesOf(series: readonly { readonly host: string; readonly values: string }[]) {
    const engine = memoryEngine()
    for (const { host, values } of series) {
      for (const [index, value] of parseSeriesValues(values).entries()) {
        if (typeof value !== 'object' && value !== undefined) {
          engine.add('load', { host }, index * MINUTE, value)
        }
      }
    }
    const manager = createRuleManager({
      groups: parseRuleFile(RULES, 'rules.yml', { parse: engine.parse }),
      query: engine.query,
      record: engine.record,
      onTransition: () => undefined,
      intervalMs: MINUTE,
    })
    return Array.from({ length: MINUTES }, (_, minute) => {
      manager.evaluate(minute * MINUTE)
      return ['ALERTS', 'ALERTS_FOR_STATE', 'load:sum'].map((expr) => ({
        expr,
        eval_time: `${minute}m`,
        exp_samples: engine
          .query(expr, minute * MINUTE)
          .map(({ labels, value }) => ({ labels: formatLabels(labels), value })),
      }))
    }).flat()
  }
})
