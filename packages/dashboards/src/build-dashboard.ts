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
import type { DashboardSpec, DashboardVariable } from './panel.ts'
import { type Place, placePanels } from './place-panels.ts'

/** As docker-compose.yml publishes it; the reader changes it at the top of a dashboard. */
const ANALYZER_PAGE = 'http://127.0.0.1:9490'

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
    .annotation(bottleneckAnnotation(spec))
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
  for (const variable of spec.variables) builder.withVariable(variableOf(variable, spec))
  const dashboard = builder.build()
  dashboard.panels = placePanels(spec).map((placed) => {
    const { id, ...gridPos } = placed.place
    return 'panel' in placed
      ? buildPanel(placed.panel, id, gridPos)
      : rowPanel(placed.heading, placed.place)
  })
  return dashboard
}

function rowPanel(title: string, { id, ...gridPos }: Place): RowPanel {
  return { type: 'row', title, id, collapsed: false, gridPos, panels: [] }
}

/** What a variable is called, which label its values are of, and what those before it narrow it to. */
const VARIABLES = {
  host: { label: 'Host', of: 'host_name', within: '' },
  job: { label: 'Service', of: 'job', within: '' },
  instance: { label: 'Instance', of: 'instance', within: '{job=~"$job"}' },
} as const satisfies Record<DashboardVariable, object>

function variableOf(name: DashboardVariable, spec: DashboardSpec): QueryVariableBuilder {
  const { label, of, within } = VARIABLES[name]
  const query = `label_values(${spec.variablesOf ?? 'target_info'}${within}, ${of})`
  return new QueryVariableBuilder(name)
    .label(label)
    .datasource(DATASOURCE)
    .query({ query, refId: name })
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .sort(VariableSort.AlphabeticalAsc)
    .multi(true)
    .includeAll(true)
    .allValue(spec.unlabelled === true ? '.*' : '.+')
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

/** When the analyzer saw a cause of slowness: marks from its finding to its end. */
function bottleneckAnnotation(spec: DashboardSpec): AnnotationQueryBuilder {
  const filter = spec.variables.includes('job') ? ', job=~"$job|"' : ''
  return new AnnotationQueryBuilder()
    .name('Bottlenecks')
    .datasource(DATASOURCE)
    .enable(true)
    .iconColor('orange')
    .expr(`chokepoint_bottleneck_impact{cause="true"${filter}}`)
    .step('30s')
    .titleFormat('{{type}}')
    .textFormat('{{severity}} {{job}} {{component}} {{operation}}')
}
