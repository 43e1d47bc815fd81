import {
  AnnotationQueryBuilder,
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  type RowPanel,
  TextBoxVariableBuilder,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { buildPanel, DATASOURCE } from './build-panel.ts'
import type { DashboardSpec, PanelSpec } from './panel.ts'

/** As docker-compose.yml publishes it; the reader changes it at the top of a dashboard. */
const ANALYZER_PAGE = 'http://127.0.0.1:9490'
const COLUMNS = 24
const HEIGHTS: Readonly<Record<PanelSpec['kind'], number>> = { lines: 8, stat: 4, table: 9 }

/** Grafana's classic JSON of one dashboard: the form that every Grafana from 9 on reads from a file. */
export function buildDashboard(spec: DashboardSpec): Dashboard {
  const builder = new DashboardBuilder(spec.title)
    .uid(spec.uid)
    .description(spec.description)
    .tags(['chokepoint', 'generated'])
    .readonly()
    .refresh('30s')
    .time({ from: 'now-30m', to: 'now' })
    .timezone('browser')
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(
      new DatasourceVariableBuilder('datasource').label('Data source').type('prometheus'),
    )
    .annotation(alertAnnotation(spec))
    .withVariable(
      new TextBoxVariableBuilder('analyzer')
        .label('Analyzer page')
        .defaultValue(ANALYZER_PAGE)
        .current({ text: ANALYZER_PAGE, value: ANALYZER_PAGE }),
    )
    .link(
      new DashboardLinkBuilder('Findings')
        .type(DashboardLinkType.Link)
        // biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana expands it
        .url('${analyzer}/')
        .targetBlank(true),
    )
    .link(
      new DashboardLinkBuilder('Chokepoint')
        .type(DashboardLinkType.Dashboards)
        .tags(['chokepoint'])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true),
    )
  for (const variable of spec.variables) builder.withVariable(variableOf(variable))
  const dashboard = builder.build()
  dashboard.panels = layOut(spec)
  return dashboard
}

/** Rows under each other; in a row from left to right, and on when a line is full. */
function layOut(spec: DashboardSpec): NonNullable<Dashboard['panels']> {
  const placed: NonNullable<Dashboard['panels']> = []
  let y = 0
  let id = 1
  for (const row of spec.rows) {
    placed.push(rowPanel(row.title, id++, y++))
    let x = 0
    let lineHeight = 0
    for (const panel of row.panels) {
      if (x + panel.width > COLUMNS) {
        x = 0
        y += lineHeight
        lineHeight = 0
      }
      const h = HEIGHTS[panel.kind]
      placed.push(buildPanel(panel, id++, { x, y, w: panel.width, h }))
      x += panel.width
      lineHeight = Math.max(lineHeight, h)
    }
    y += lineHeight
  }
  return placed
}

function rowPanel(title: string, id: number, y: number): RowPanel {
  return {
    type: 'row',
    title,
    id,
    collapsed: false,
    gridPos: { x: 0, y, w: COLUMNS, h: 1 },
    panels: [],
  }
}

const LABELS = { job: 'Service', instance: 'Instance' } as const

function variableOf(name: 'job' | 'instance'): QueryVariableBuilder {
  const filter = name === 'instance' ? '{job=~"$job"}' : ''
  const query = `label_values(target_info${filter}, ${name})`
  return new QueryVariableBuilder(name)
    .label(LABELS[name])
    .datasource(DATASOURCE)
    .query({ query, refId: name })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue('.*')
    .current({ text: 'All', value: '$__all' })
}

/** Firing alerts as marks on every panel. */
function alertAnnotation(spec: DashboardSpec): AnnotationQueryBuilder {
  const filter = spec.variables.includes('job') ? ', job=~"$job|"' : ''
  return new AnnotationQueryBuilder()
    .name('Alerts')
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor('red')
    .expr(`ALERTS{alertstate="firing"${filter}}`)
    .step('30s')
    .titleFormat('{{alertname}}')
    .textFormat('{{severity}} {{job}} {{http_route}}')
}
