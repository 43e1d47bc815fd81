import {
  BigValueColorMode,
  BigValueGraphMode,
  GraphThresholdsStyleConfigBuilder,
  GraphThresholdsStyleMode,
  LegendDisplayMode,
  LegendPlacement,
  StackingConfigBuilder,
  StackingMode,
  TooltipDisplayMode,
  VizLegendOptionsBuilder,
  VizTooltipOptionsBuilder,
} from '@grafana/grafana-foundation-sdk/common'
import {
  DashboardLinkBuilder,
  type DynamicConfigValue,
  type GridPos,
  type Panel,
  ThresholdsConfigBuilder,
  ThresholdsMode,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder, PromQueryFormat } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table'
import { PanelBuilder as LinesBuilder } from '@grafana/grafana-foundation-sdk/timeseries'
import type { PanelColumn, PanelQuery, PanelSpec } from './panel.ts'

/** The data source that the reader picks at the top: Prometheus or the analyzer. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: Grafana expands it
export const DATASOURCE = { type: 'prometheus', uid: '${datasource}' }

/** Grafana's JSON of one panel at one place. */
export function buildPanel(spec: PanelSpec, id: number, gridPos: GridPos): Panel {
  const builder = BUILDERS[spec.kind](spec)
    .id(id)
    .title(spec.title)
    .description(spec.description)
    .datasource(DATASOURCE)
    .unit(spec.unit)
    .gridPos(gridPos)
  if (spec.warning !== undefined) builder.thresholds(thresholdsOf(spec))
  for (const [index, query] of spec.queries.entries()) {
    builder.withTarget(targetOf(query, spec.kind, String.fromCharCode(65 + index)))
  }
  return builder.build()
}

type AnyBuilder = LinesBuilder | StatBuilder | TableBuilder

const BUILDERS: Readonly<Record<PanelSpec['kind'], (spec: PanelSpec) => AnyBuilder>> = {
  lines: buildLines,
  stat: buildStat,
  table: buildTable,
}

function buildStat(): StatBuilder {
  return new StatBuilder()
    .min(0)
    .noValue('–')
    .graphMode(BigValueGraphMode.Area)
    .colorMode(BigValueColorMode.Value)
}

const SEVERITY_COLORS = { info: 'blue', warning: 'orange', critical: 'red' }

/** The value as a bar from 0 to 100, severities in their colours, and the last column a link. */
function buildTable({ columns = [] }: PanelSpec): TableBuilder {
  const fields = columns.map(([field]) => field)
  return new TableBuilder()
    .noValue('none')
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: Object.fromEntries(fields.map((field, index) => [field, index])),
        renameByName: Object.fromEntries(columns),
      },
    })
    .overrideByName(headingOf(columns, 'Value'), [
      { id: 'min', value: 0 },
      { id: 'max', value: 100 },
      { id: 'decimals', value: 0 },
      { id: 'custom.width', value: 140 },
      { id: 'custom.cellOptions', value: { type: 'gauge', mode: 'basic' } },
    ])
    .overrideByName(headingOf(columns, 'severity'), severityColors())
    .dataLinks([findingLink(fields.at(-1) ?? 'id')])
}

function headingOf(columns: readonly PanelColumn[], field: string): string {
  return columns.find(([name]) => name === field)?.[1] ?? field
}

function severityColors(): DynamicConfigValue[] {
  const options = Object.fromEntries(
    Object.entries(SEVERITY_COLORS).map(([word, color], index) => [word, { color, index }]),
  )
  return [
    { id: 'custom.width', value: 90 },
    { id: 'custom.cellOptions', value: { type: 'color-text' } },
    { id: 'mappings', value: [{ type: 'value', options }] },
  ]
}

function buildLines(spec: PanelSpec): LinesBuilder {
  const builder = new LinesBuilder()
    .min(0)
    .lineWidth(1)
    .fillOpacity(spec.stacked === true ? 30 : 8)
    .noValue('no data')
    .legend(
      new VizLegendOptionsBuilder()
        .displayMode(LegendDisplayMode.List)
        .placement(LegendPlacement.Bottom)
        .showLegend(true),
    )
    .tooltip(new VizTooltipOptionsBuilder().mode(TooltipDisplayMode.Multi))
  if (spec.stacked === true) {
    builder.stacking(new StackingConfigBuilder().mode(StackingMode.Normal).group('A'))
  }
  if (spec.warning !== undefined) {
    builder.thresholdsStyle(
      new GraphThresholdsStyleConfigBuilder().mode(GraphThresholdsStyleMode.Dashed),
    )
  }
  return builder
}

function thresholdsOf({ warning, critical }: PanelSpec): ThresholdsConfigBuilder {
  const steps: { value: number | null; color: string }[] = [{ value: null, color: 'green' }]
  if (warning !== undefined) steps.push({ value: warning, color: 'orange' })
  if (critical !== undefined) steps.push({ value: critical, color: 'red' })
  return new ThresholdsConfigBuilder().mode(ThresholdsMode.Absolute).steps(steps)
}

/** From a finding's row to that finding on the analyzer's page. */
function findingLink(field: string): DashboardLinkBuilder {
  const place = `\${analyzer}/#bottleneck-\${__data.fields.${field}}`
  return new DashboardLinkBuilder('Evidence and what to do').url(place)
}

/** A table shows the present; lines show the range, and so does the area behind a single value. */
function targetOf({ expr, legend }: PanelQuery, kind: PanelSpec['kind'], refId: string) {
  const query = new DataqueryBuilder()
    .refId(refId)
    .datasource(DATASOURCE)
    .expr(expr)
    .legendFormat(legend)
  return kind === 'table' ? query.instant().format(PromQueryFormat.Table) : query.range()
}
