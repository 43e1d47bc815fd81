import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import {
  comparedFigures,
  DASHBOARDS,
  type DashboardSpec,
  type PanelSpec,
  RULE_PACKS,
} from '@chokepoint/dashboards'
import { expect } from 'chai'
import { until } from '../../testing/until.ts'
import { differences } from '../compare.ts'
import { labelValues, query, without } from '../prometheus-api.ts'
import { expand, nowSeconds, type RunningStack, SHOP } from '../running-stack.ts'

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'grafana', 'dashboards')
/** What is sampled at other instants, over a minute in which the load hardly changes, is that near. */
const NEAR = 0.5

interface PanelQuery {
  readonly where: string
  readonly expr: string
  readonly panel: PanelSpec
}

const QUERIES = DASHBOARDS.flatMap((dashboard) =>
  dashboard.rows
    .flatMap((row) => row.panels)
    .flatMap((panel) => panel.queries.map((query) => toQuery(dashboard, panel, query.expr))),
)

function toQuery({ title, variablesOf }: DashboardSpec, panel: PanelSpec, expr: string) {
  // Prometheus' own scrape of the shop stands beside what came by OTLP; the analyzer has only the latter.
  const job = variablesOf === undefined ? (panel.sampled === undefined ? SHOP : '.*') : '.+'
  return { where: `${title}: ${panel.title}`, expr: expand(expr, { job }), panel }
}

/** Every query of every dashboard and rule, on the real Prometheus and on the analyzer. */
export function describePanels({ prometheus, analyzer, programs }: RunningStack): void {
  it('gives every panel its data, the same from Prometheus and from the analyzer', async () => {
    await minuteOfData()
    const at = nowSeconds() - 8
    const problems: string[] = []
    for (const { where, expr, panel } of QUERIES) {
      const expected = await query(prometheus(), expr, at)
      const actual = await query(analyzer(), expr, at)
      if (panel.sampled !== undefined) continue
      problems.push(...missing({ where, expr, panel }, expected.length, actual.length))
      if (panel.ofEach === true) continue
      for (const line of differences(expected, actual)) problems.push(`${where}: ${line}`)
    }
    expect(problems.join('\n')).to.equal('')
  })

  it('gives the panels about findings and about the analyzer the same lines from both', async () => {
    const sampled = QUERIES.filter(({ panel }) => panel.sampled !== undefined)
    expect(sampled.length).to.be.greaterThan(15)
    await until(
      'the same lines',
      async () => {
        const at = nowSeconds() - 2
        const problems: string[] = []
        for (const one of sampled) {
          const expected = without('instance', await query(prometheus(), one.expr, at))
          const actual = without('instance', await query(analyzer(), one.expr, at))
          problems.push(...missing(one, expected.length, actual.length))
          const tolerance = one.panel.sampled === 'steady' ? NEAR : Number.POSITIVE_INFINITY
          for (const line of differences(expected, actual, tolerance))
            problems.push(`${one.where}: ${line}`)
        }
        if (problems.length > 0) throw new Error(problems.join('\n'))
        return true
      },
      120,
    )
  })

  it('gives every variable its values, and annotations their expressions, in both', async () => {
    for (const { variables, variablesOf = 'target_info' } of DASHBOARDS) {
      for (const name of variables) {
        const label = name === 'host' ? 'host_name' : name
        const [expected, actual] = [
          await labelValues(prometheus(), variablesOf, label),
          await labelValues(analyzer(), variablesOf, label),
        ]
        expect(actual, `${variablesOf} ${label}`).not.to.deep.equal([])
        if (variablesOf === 'target_info') expect(expected).to.include.members(actual)
      }
    }
    for (const url of [prometheus(), analyzer()]) {
      await query(url, `ALERTS{alertstate="firing", job=~"${SHOP}|"}`, nowSeconds())
      const causes = `chokepoint_bottleneck_impact{cause="true", job=~"${SHOP}|"}`
      expect(await query(url, causes, nowSeconds()), url).not.to.deep.equal([])
    }
  })

  it('gives every rule the same answer in both, and every figure that a rule compares its data', async () => {
    const at = nowSeconds() - 8
    const problems: string[] = []
    for (const { alert, expr, emptyUnless } of RULE_PACKS.flatMap(({ alerts }) => alerts)) {
      const figures = comparedFigures(expr)
      expect(figures, alert).not.to.deep.equal([])
      for (const [i, part] of [expr, ...figures].entries()) {
        const expected = await query(prometheus(), part, at)
        const actual = await query(analyzer(), part, at)
        const ofShop = ({ labels }: { labels: Readonly<Record<string, string>> }) =>
          new RegExp(`^(${SHOP})$`).test(labels.job ?? '')
        const lines = differences(expected.filter(ofShop), actual.filter(ofShop))
        problems.push(...lines.map((line) => `${alert}: ${line}`))
        if (i > 0 && emptyUnless === undefined && !actual.some(ofShop))
          problems.push(`${alert}: ${part} is empty`)
      }
    }
    expect(problems.join('\n')).to.equal('')
  })

  it('has dashboards that grafana/dashboard-linter accepts, but for what .lint gives a reason', () => {
    const files = readdirSync(FOLDER).filter((file) => file.endsWith('.json'))
    expect(files).to.have.lengthOf(DASHBOARDS.length)
    for (const file of files) {
      const args = ['lint', '--strict', join(FOLDER, file)]
      const { status, stdout, error } = spawnSync(programs().dashboardLinter, args, {
        encoding: 'utf8',
      })
      expect(error).to.equal(undefined)
      expect(status, `${file}:\n${stdout}`).to.equal(0)
      expect(stdout).to.include('Checks that each target uses a valid PromQL query.')
    }
  })

  /** Old enough that every path has brought it, and that rates have a minute behind them. */
  async function minuteOfData(): Promise<void> {
    const requests = `sum(http_server_request_duration_seconds_count{job=~"${SHOP}"})`
    await until(
      'a minute of data',
      async () => {
        const [age] = await query(analyzer(), `count_over_time(${requests}[70s:1s])`, nowSeconds())
        return age !== undefined && age.value >= 68 ? true : undefined
      },
      120,
    )
  }
}

function missing({ where, panel }: PanelQuery, expected: number, actual: number): string[] {
  if (panel.emptyUnless !== undefined) return []
  return [
    ...(expected === 0 ? [`${where} is empty in Prometheus`] : []),
    ...(actual === 0 ? [`${where} is empty in the analyzer`] : []),
  ]
}
