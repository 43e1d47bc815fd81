import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { parser } from '@prometheus-io/lezer-promql'
import { expect } from 'chai'
import { FINDING_PANELS } from '../src/finding-panels.ts'
import {
  buildDashboard,
  buildFindingPanels,
  buildRuleFile,
  DASHBOARDS,
  type DashboardSpec,
  knownNames,
  type PanelSpec,
  RULE_PACKS,
} from '../src/index.ts'

const root = join(import.meta.dirname, '..', '..', '..')
const panels = DASHBOARDS.flatMap((spec) =>
  spec.rows.flatMap((row) => row.panels.map((panel) => [spec.title, panel] as const)),
)

/** The expression as it is when Grafana has put its variables in. */
function expand(expression: string): string {
  return expression
    .replaceAll('$__rate_interval', '1m')
    .replaceAll('$job', '.*')
    .replaceAll('$instance', '.*')
    .replaceAll('$host', '.*')
}

function queriesOf([title, panel]: readonly [string, PanelSpec]) {
  return panel.queries.map(({ expr }) => ({
    where: `${title}: ${panel.title}`,
    expr: expand(expr),
  }))
}

function panelsOf(spec: DashboardSpec): Panel[] {
  return (buildDashboard(spec).panels ?? []).filter((one): one is Panel => one.type !== 'row')
}

/** Every identifier of the grammar that stands where a metric name does. */
function metricNames(expression: string): string[] {
  const names: string[] = []
  parser.parse(expression).iterate({
    enter: (node) => {
      if (node.name === 'Identifier' && node.node.parent?.name === 'VectorSelector') {
        names.push(expression.slice(node.from, node.to))
      }
    },
  })
  return names
}

describe('the Grafana dashboards', () => {
  it('are committed as the sources say', () => {
    for (const spec of DASHBOARDS) {
      const file = join(root, 'grafana', 'dashboards', `${spec.uid}.json`)
      expect(readFileSync(file, 'utf8')).to.equal(
        `${JSON.stringify(buildDashboard(spec), null, 2)}\n`,
      )
    }
  })

  it('give the analyzer its table of panels as it is committed', () => {
    const file = join(root, 'packages/analyzer/src/findings/panel-table.ts')
    expect(readFileSync(file, 'utf8')).to.equal(buildFindingPanels())
  })

  it('have queries that Prometheus’ grammar accepts', () => {
    for (const { where, expr } of panels.flatMap(queriesOf)) {
      parser.parse(expr).iterate({
        enter: (node) => {
          expect(node.type.isError, `${where}: ${expr} at ${node.from}`).to.equal(false)
        },
      })
    }
  })

  it('name only metrics that somebody emits', () => {
    const known = knownNames()
    for (const { where, expr } of panels.flatMap(queriesOf)) {
      for (const name of metricNames(expr))
        expect(known.has(name), `${where}: ${name}`).to.equal(true)
    }
  })

  it('have a unit and a description on every panel, and thresholds in order', () => {
    for (const spec of DASHBOARDS) {
      for (const built of panelsOf(spec)) {
        const where = `${spec.title}: ${built.title}`
        expect(built.description, where).to.match(/^.{20,}\.$/)
        expect(built.fieldConfig?.defaults.unit, where).to.match(/^\w+$/)
        const steps = built.fieldConfig?.defaults.thresholds?.steps ?? []
        const values = steps.map(({ value }) => value ?? Number.NEGATIVE_INFINITY)
        expect(values, where).to.deep.equal([...values].sort((a, b) => a - b))
      }
    }
  })

  it('have a threshold on every panel that an alert or a finding points at', () => {
    const rules = RULE_PACKS.flatMap(({ alerts }) => alerts.map(({ panel }) => panel))
    for (const { dashboard, panel } of [...rules, ...Object.values(FINDING_PANELS)]) {
      const shown = dashboard.rows.flatMap((row) => row.panels).find(({ title }) => title === panel)
      const known = shown?.warning !== undefined || shown?.noThreshold !== undefined
      expect(known, `${dashboard.title}: ${panel}`).to.equal(true)
    }
  })

  it('let the reader choose among what is there: by the data source chosen above, all to begin with', () => {
    for (const spec of DASHBOARDS) {
      const variables = buildDashboard(spec).templating?.list ?? []
      expect(variables.map(({ name }) => name)).to.deep.equal([
        'datasource',
        'analyzer',
        ...spec.variables,
      ])
      for (const { name, datasource, multi, includeAll, allValue } of variables.slice(2)) {
        expect(datasource?.uid, `${spec.title}: ${name}`).to.equal(`\${datasource}`)
        expect([multi, includeAll], `${spec.title}: ${name}`).to.deep.equal([true, true])
        expect(allValue, `${spec.title}: ${name}`).to.equal(spec.unlabelled ? '.*' : '.+')
      }
    }
  })

  it('have unique uids and panel ids, and panels that do not overlap', () => {
    expect(new Set(DASHBOARDS.map(({ uid }) => uid)).size).to.equal(DASHBOARDS.length)
    for (const spec of DASHBOARDS) {
      const built = buildDashboard(spec).panels ?? []
      expect(new Set(built.map(({ id }) => id)).size).to.equal(built.length)
      const taken = new Set<string>()
      for (const { gridPos } of built) {
        const { x, y, w, h } = gridPos ?? { x: 0, y: 0, w: 0, h: 0 }
        expect(x + w).to.be.at.most(24)
        for (let column = x; column < x + w; column++) {
          for (let line = y; line < y + h; line++) {
            expect(taken.has(`${column} ${line}`), `${spec.uid} at ${column},${line}`).to.equal(
              false,
            )
            taken.add(`${column} ${line}`)
          }
        }
      }
    }
  })

  it('use the data source that provisioning brings, and the folder that it reads', () => {
    const sources = readFileSync(
      join(root, 'grafana/provisioning/datasources/chokepoint.yaml'),
      'utf8',
    )
    expect(sources).to.include('uid: prometheus').and.to.include('uid: chokepoint')
    const provider = readFileSync(
      join(root, 'grafana/provisioning/dashboards/chokepoint.yaml'),
      'utf8',
    )
    const compose = readFileSync(join(root, 'docker-compose.yml'), 'utf8')
    const path = /path: ([^ }]+)/.exec(provider)?.[1]
    expect(compose).to.include(`./grafana/dashboards:${path}:ro`)
  })
})

describe('the rule pack', () => {
  it('is committed as the sources say', () => {
    for (const pack of RULE_PACKS) {
      const file = join(root, 'prometheus', 'rules', `${pack.name}.yml`)
      expect(readFileSync(file, 'utf8')).to.equal(buildRuleFile(pack))
    }
  })

  it('names only metrics that somebody emits, in expressions that the grammar accepts', () => {
    const known = knownNames()
    for (const { alert, expr } of RULE_PACKS.flatMap(({ alerts }) => alerts)) {
      parser.parse(expr).iterate({
        enter: (node) => {
          expect(node.type.isError, `${alert} at ${node.from}`).to.equal(false)
        },
      })
      for (const name of metricNames(expr))
        expect(known.has(name), `${alert}: ${name}`).to.equal(true)
    }
  })

  it('gives each alert a name of its own and says what it means', () => {
    const alerts = RULE_PACKS.flatMap(({ alerts }) => alerts)
    expect(new Set(alerts.map(({ alert }) => alert)).size).to.equal(alerts.length)
    for (const { alert, summary, description } of alerts) {
      expect(summary, alert).to.match(/\{\{ ?\$(value|labels)/)
      expect(description, alert).to.match(/^.{20,}\.$/)
    }
  })
})
